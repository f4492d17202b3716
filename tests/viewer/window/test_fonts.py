"""The window writes with the scene's fonts, Chinese included."""

from PySide6.QtGui import QFont, QFontDatabase, QRawFont


def test_the_windows_font_falls_back_on_the_shipped_han_font(qapp):
    families = qapp.font().families()
    assert families[:2] == ["Inter", "Archviz3d Han"]
    assert "Archviz3d Han" in QFontDatabase.families()


def test_chinese_characters_come_from_it(qapp):
    han = QRawFont.fromFont(QFont("Archviz3d Han"))
    assert han.familyName() == "Archviz3d Han"
    assert all(han.supportsCharacter(ord(character)) for character in "通义千问注意力專家カナ")
