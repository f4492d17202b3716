"""The menus as data: one module a menu, each a function from a window to its commands."""
