"""Everything is declared in pyproject.toml but this: two scripts lie in the package folder and do not ship."""

from setuptools import setup
from setuptools.command.build_py import build_py

NOT_SHIPPED = {"setup", "start"}


class BuildWithoutScripts(build_py):
    """Collects the modules of a package, less the scripts."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """Return (package, module, file) of each module that ships."""
        return [found for found in super().find_package_modules(package, package_dir) if found[1] not in NOT_SHIPPED]


setup(cmdclass={"build_py": BuildWithoutScripts})
