"""The data flow of a TorchScript module: its code followed once, with places in the model for values.

Calls of submodules are followed into their code, so that every operator stands in the module that it runs in, as in
PyTorch's own ``inlined_graph``. Both sides of a branch are followed, the body of a loop once; branches on what is
known beforehand (``training``, an argument that is None) are decided. Nothing is computed but such conditions.
"""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from ..checkpoint import short_attributes
from ..files import plain_text
from ..pytorch.inert_pickle import Inert
from ..pytorch.torch_globals import TensorRecord
from ..untyped import is_dict, is_sequence
from .code import Code, UnreadableCodeError
from .conditions import assigned, calls_something, decided, only_raises, plain_value
from .recorder import Recorder
from .state import State
from .values import Bundle, Constant, Dotted, Flowing, Known, ModuleAt, flowing, joined

__all__ = ["follow"]

_MAX_STEPS = 200_000  # statements and expressions; DeepSeek-V3 traced would need 100,000
_MAX_CALLS = 40  # calls inside each other; Python's own stack ends at about twice as many
_MAX_ARGUMENTS = 16
_NAMES_IN_A_STEP = 50  # that are looked at when one is changed
_NAMES_AT_A_BRANCH = 5  # that cost a step where branches meet

# Operators that are printed as calls of Python's types.
_PRINTED = {"int": "aten.Int", "float": "aten.Float", "bool": "aten.Bool", "len": "aten.len"}
# Operators that change a list that they are given; those that change a tensor end with "_".
_CHANGING = frozenset(("torch.append", "torch.extend", "torch.insert", "torch._set_item", "torch.__setitem__"))


def follow(root: ModuleAt, code: Code, recorder: Recorder, warnings: list[str]) -> bool:
    """Record the data flow of a model's ``forward``; return whether there is one that can be read.

    Parameters
    ----------
    root : ModuleAt
        The model.
    recorder : Recorder
        Gets operators and values.
    warnings : list of str
        Gets a line for each method that is left out.
    """
    follower = _Follower(code, recorder, warnings)
    try:
        method = follower.method(root, "forward")
        if method is None:
            warnings.append("data flow not read: the model has no forward in its code")
            return False
        given: list[Known] = []
        for argument in method.args.args[1:]:
            optional = argument.annotation is not None and "Optional" in ast.dump(argument.annotation)
            given.append(Flowing([recorder.graph_input(plain_text(argument.arg, 200))], may_be_none=optional))
        returned = follower.call_method(root, method, given, {})
        items = returned.items if isinstance(returned, Bundle) else [returned]
        for k, item in enumerate(items):
            recorder.graph_output("output" if len(items) == 1 else f"output_{k}", flowing(item))
    except UnreadableCodeError as error:
        warnings.append(f"data flow of forward not read: {error}")
        return False
    except RecursionError:
        warnings.append("data flow of forward not read: its code is nested too deeply")
        return False
    return True


class _Follower:
    def __init__(self, code: Code, recorder: Recorder, warnings: list[str]) -> None:
        self._code = code
        self._recorder = recorder
        self._warnings = warnings
        self._steps = 0
        self._calls = 0
        self._weights: dict[tuple[str, ...], Flowing] = {}
        self._state = State()
        self._scope: tuple[str, ...] = ()

    # ---------------------------------------------------------------- methods
    def method(self, module: ModuleAt, name: str) -> ast.FunctionDef | None:
        found = self._code.script_class(module.module.qualified)
        return found.methods.get(name) if found is not None else None

    def call_method(
        self, module: ModuleAt, method: ast.FunctionDef, given: Sequence[Known], named: Mapping[str, Known]
    ) -> Known:
        outer, self._scope = self._scope, module.path
        try:
            return self._call(method, [module, *given], named)
        finally:
            self._scope = outer

    def _call_module(self, module: ModuleAt, name: str, given: list[Known], named: dict[str, Known]) -> Known:
        """Follow a call of a module; one whose code cannot be followed makes its result as a whole."""
        before, given_before = self._recorder.mark(), self._state.copied()
        try:
            method = self.method(module, name)
            if method is None:
                raise UnreadableCodeError(f"there is no method {plain_text(name, 80)} in its code")
            self._steps += self._state.size // _NAMES_IN_A_STEP
            return self.call_method(module, method, given, named)
        except UnreadableCodeError as error:
            if self._steps > _MAX_STEPS or self._recorder.is_full:
                raise
            self._recorder.back_to(before)
            self._state.back_to(given_before)
            self._warnings.append(f"data flow of {'.'.join(module.path)}.{name} not read: {error}")
            used = [flow for value in [*given, *named.values()] for flow in flowing(value)]
            return Flowing([self._recorder.opaque(module.path, used)])

    def _call(self, function: ast.FunctionDef, given: Sequence[Known], named: Mapping[str, Known]) -> Known:
        if self._calls >= _MAX_CALLS:
            raise UnreadableCodeError(f"its calls nest more than {_MAX_CALLS} deep")
        arguments = function.args.args
        if len(given) > len(arguments):
            raise UnreadableCodeError(f"{plain_text(function.name, 80)} is given too many arguments")
        known: dict[str, Known] = dict(zip((a.arg for a in arguments), given, strict=False))
        defaults = function.args.defaults
        for argument, default in zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True):
            if argument.arg not in known:
                known[argument.arg] = self._value(default, {})
        known.update(named)
        returned: list[Known] = []
        self._calls += 1
        try:
            self._run(function.body, known, returned)
        finally:
            self._calls -= 1
        return joined(returned) if returned else Constant()

    # ---------------------------------------------------------------- statements
    def _run(self, body: Sequence[ast.stmt], known: dict[str, Known], returned: list[Known]) -> None:
        for statement in body:
            self._step()
            match statement:
                case ast.Assign(targets=targets, value=value):
                    result = self._value(value, known)
                    for target in targets:
                        self._assign(target, result, known)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self._assign(target, self._value(value, known), known)
                case ast.Expr(value=value):
                    self._value(value, known)
                case ast.Return(value=value):
                    returned.append(self._value(value, known) if value is not None else Constant())
                case ast.If():
                    self._branch(statement, known, returned)
                case ast.For(iter=times, target=target):
                    self._loop(statement, times, target, known, returned)
                case ast.While(test=test):
                    self._loop(statement, test, None, known, returned)
                case ast.Pass() | ast.AnnAssign() | ast.Assert():
                    pass
                case _:
                    raise UnreadableCodeError(f"it has a {type(statement).__name__}")

    def _assign(self, target: ast.expr, value: Known, known: dict[str, Known]) -> None:
        match target:
            case ast.Name(id=name):
                known[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                items = value.items if isinstance(value, Bundle) and len(value.items) == len(targets) else None
                for k, inner in enumerate(targets):
                    self._assign(inner, items[k] if items is not None else self._part(value), known)
            case ast.Attribute(value=owner, attr=name):
                self._give(self._value(owner, known), name, value, known)
            case ast.Subscript(value=owner):
                self._change(self._value(owner, known), value, known)
            case _:
                raise UnreadableCodeError(f"it assigns to a {type(target).__name__}")

    def _branch(self, statement: ast.If, known: dict[str, Known], returned: list[Known]) -> None:
        test = self._value(statement.test, known)
        if isinstance(test, Constant) and test.value is not ...:
            self._run(statement.body if test.value else statement.orelse, known, returned)
            return
        bodies = (statement.body, statement.orelse)
        if any(only_raises(body) for body in bodies):  # a check of the input: what follows it is what flows
            self._recorder.check()
            for body in bodies:
                if not only_raises(body):
                    self._run(body, known, returned)
            return
        self._steps += (len(known) + self._state.size) // _NAMES_AT_A_BRANCH
        outer = self._scope
        held = self._recorder.body("if", "prim.If", outer, flowing(test)) if calls_something(statement) else None
        ends: list[dict[str, Known]] = []
        try:
            for body, name in self._state.apart(zip(bodies, ("then", "else"), strict=True), [*known.values()]):
                if held is not None:
                    self._scope = (*held, name)
                end = dict(known)
                self._run(body, end, returned)
                ends.append(end)
        finally:
            self._scope = outer
        for name in dict.fromkeys([*ends[0], *ends[1]]):
            found = [end[name] for end in ends if name in end]
            known[name] = found[0] if found[0] is found[-1] else joined(found)

    def _loop(
        self,
        statement: ast.For | ast.While,
        times: ast.expr,
        target: ast.expr | None,
        known: dict[str, Known],
        returned: list[Known],
    ) -> None:
        outer = self._scope
        carried: dict[str, Flowing] = {}
        for name in assigned(statement):
            before = known.get(name)
            if before is not None and not isinstance(before, ModuleAt | Dotted):
                carried[name] = known[name] = Flowing(list(flowing(before)))
        match times:
            case ast.Call(func=ast.Name(id="range"), args=ends):
                given: Known = Bundle([self._value(end, known) for end in ends])
            case _:
                given = self._value(times, known)
        held = self._recorder.body("loop", "prim.Loop", outer, flowing(given))
        if target is not None:
            self._assign(target, self._part(given), known)
        self._scope = held
        try:
            for body in self._state.apart(([], statement.body), []):  # a loop may run no time at all
                self._run(body, known, returned)
        finally:
            self._scope = outer
        for name, value in carried.items():
            after = known.get(name)
            if after is not None and after is not value:
                value.origins += [part for part in flowing(after) if part is not value]
                known[name] = value

    # ---------------------------------------------------------------- expressions
    def _value(self, expression: ast.expr, known: dict[str, Known]) -> Known:
        self._step()
        match expression:
            case ast.Constant(value=value):
                return Constant(value)
            case ast.Name(id=name):
                return known[name] if name in known else Dotted(name)
            case ast.Attribute(value=owner, attr=name):
                return self._attribute(self._value(owner, known), name)
            case ast.Call():
                return self._call_of(expression, known)
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                return Bundle([self._value(item, known) for item in items])
            case ast.Dict(keys=keys, values=items):
                names = [key.value if isinstance(key, ast.Constant) else None for key in keys]
                return Bundle([self._value(item, known) for item in items], names)
            case ast.Subscript(value=owner, slice=ast.Constant(value=int() | str() as place)):
                return self._item(self._value(owner, known), place)
            case ast.Subscript(value=owner):
                return self._part(self._value(owner, known))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return Constant(-number)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                value = self._value(inner, known)
                return Constant(not value.value) if isinstance(value, Constant) and value.value is not ... else value
            case ast.IfExp(body=body, orelse=otherwise):
                return joined([self._value(body, known), self._value(otherwise, known)])
            case ast.UnaryOp(operand=inner) | ast.Starred(value=inner):
                return self._part(self._value(inner, known))
            case ast.BinOp(left=a, right=b):
                return self._part(Bundle([self._value(a, known), self._value(b, known)]))
            case ast.BoolOp(values=parts) | ast.JoinedStr(values=parts):
                return self._part(Bundle([self._value(part, known) for part in parts]))
            case ast.Compare(left=a, comparators=others):
                return self._part(Bundle([self._value(part, known) for part in (a, *others)]))
            case _:
                raise UnreadableCodeError(f"it has a {type(expression).__name__}")

    def _call_of(self, call: ast.Call, known: dict[str, Known]) -> Known:
        match call.func, call.args:
            case ast.Name(id="annotate" | "unchecked_cast"), [_, inner]:
                value = self._value(inner, known)
                return Flowing([value]) if isinstance(value, Flowing) and value.may_be_none else value
            case ast.Name(id="uninitialized"), _:
                return Constant(...)
            case ast.Name(id="getattr"), [owner, ast.Constant(value=str(name))]:
                return self._attribute(self._value(owner, known), name)
            case ast.Attribute(value=owner, attr=name), _:
                callee = self._value(owner, known)
                if isinstance(callee, ModuleAt):
                    return self._call_module(callee, name, *self._arguments(call, known))
                function = self._attribute(callee, name)
            case _:
                function = self._value(call.func, known)
        given, named = self._arguments(call, known)
        if not isinstance(function, Dotted):
            return self._part(Bundle([function, *given, *named.values()]))
        if function.name.startswith("__torch__."):
            found = self._code.function(function.name)
            if found is not None:
                return self._call(found, given, named)
            return Bundle([*given, *named.values()])  # an object made of its arguments: a named tuple
        return self._operator(function.name, given, named, known)

    def _arguments(self, call: ast.Call, known: dict[str, Known]) -> tuple[list[Known], dict[str, Known]]:
        given = [self._value(argument, known) for argument in call.args]
        return given, {each.arg or "": self._value(each.value, known) for each in call.keywords}

    def _operator(self, name: str, given: list[Known], named: dict[str, Known], known: dict[str, Known]) -> Known:
        before = decided(name, given)
        if before is not None:
            return before
        operator = f"aten.{name[6:]}" if name.startswith("torch.") else _PRINTED.get(name, name.removeprefix("ops."))
        attributes = short_attributes({key: value.value for key, value in named.items() if isinstance(value, Constant)})
        short = [plain for value in given if short_attributes({"": (plain := plain_value(value))})][:_MAX_ARGUMENTS]
        made = self._recorder.operator(
            operator,
            self._scope,
            [(flow, "") for value in given for flow in flowing(value)]
            + [(flow, plain_text(key, 80)) for key, value in named.items() for flow in flowing(value)],
            {f"arg.{key}": value for key, value in attributes.items()},
            ", ".join(str(value) for value in short),
        )
        result = Flowing([made])
        if given and (name in _CHANGING or (name.endswith("_") and not name.endswith("__"))):
            self._change(given[0], result, known)
        return result

    # ---------------------------------------------------------------- parts of values
    def _attribute(self, owner: Known, name: str) -> Known:
        if isinstance(owner, Dotted):
            if owner.name == "CONSTANTS":
                return Flowing([self._recorder.constant(name)])
            return Dotted(f"{owner.name}.{name}")
        if not isinstance(owner, ModuleAt):
            return self._part(owner)
        parts = owner.module.attributes()
        if name in parts:
            path = (*owner.path, name)
            given = self._state.get(path)
            return given if given is not None else self._held(parts[name], path)
        found = self._code.script_class(owner.module.qualified)
        return Constant(found.constants[name]) if found is not None and name in found.constants else Constant(...)

    def _held(self, value: Any, path: tuple[str, ...]) -> Known:
        """Return what a module's attribute stands for."""
        if isinstance(value, TensorRecord):
            weight = self._weights.get(path)
            if weight is None:
                weight = self._weights[path] = Flowing([self._recorder.weight(path)])
            return weight
        if isinstance(value, Inert):
            return ModuleAt(path, value)
        if is_sequence(value):
            return Bundle([self._held(item, (*path, str(k))) for k, item in enumerate(value)])
        if is_dict(value):
            return Bundle([self._held(item, (*path, str(key))) for key, item in value.items()], list(value))
        return Constant(value)

    def _item(self, owner: Known, place: int | str) -> Known:
        found = owner.at(place) if isinstance(owner, Bundle) else None
        return found if found is not None else self._part(owner)

    def _part(self, value: Known) -> Known:
        """Return what may be any part of a value."""
        if isinstance(value, Flowing):
            return value
        parts = list(dict.fromkeys(flowing(value)))
        return Flowing([*parts]) if parts else Constant(...)

    def _give(self, owner: Known, name: str, value: Known, known: dict[str, Known]) -> None:
        """Let an attribute stand for another value from now on; into what it was at first, where a weight, it flows."""
        if not isinstance(owner, ModuleAt):
            self._change(owner, value, known)
            return
        first = self._state.give((*owner.path, name), self._attribute(owner, name), value)
        if isinstance(first, Flowing):
            self._recorder.changed(first.origins, list(dict.fromkeys(flowing(value))))

    def _change(self, changed: Known, to: Known, known: dict[str, Known]) -> None:
        """Let what names stand for from now on be what changed it."""
        made = list(dict.fromkeys(flowing(to)))
        if isinstance(changed, Bundle):
            changed.items = [Flowing([*made])]
        elif isinstance(changed, Flowing):
            self._recorder.changed(changed.origins, made)
            after = Flowing([*made])
            self._steps += len(known) // _NAMES_IN_A_STEP
            for name, value in known.items():
                if value is changed:
                    known[name] = after

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise UnreadableCodeError(f"it takes more than {_MAX_STEPS:,} steps to follow")
