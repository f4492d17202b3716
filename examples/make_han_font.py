"""Write resources/fonts/Archviz3dHan-Regular.otf: the Han characters that the scene and the window fall back on.

It is a subset of Noto Sans CJK SC (SIL Open Font License 1.1): Debian has it in the package fonts-noto-cjk.

    pip install fonttools
    python examples/make_han_font.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

# A name of its own, so that on a machine with the whole of Noto its few characters do not stand before that.
FAMILY = "Archviz3d Han"
FILE = Path(__file__).parent.parent / "resources" / "fonts" / "Archviz3dHan-Regular.otf"
# Punctuation, kana, marks of enclosed and compatible forms, full width.
BLOCKS = [(0x3000, 0x30FF), (0x31F0, 0x31FF), (0xFF00, 0xFFEF), (0x2460, 0x2473), (0x3220, 0x3243)]
# Rows of double-byte codes: all of GB 2312, the 5401 frequent characters of Big5, the first 2965 kanji of JIS X 0208.
CODES = [
    ("gb2312", (0xA1, 0xF7), [(0xA1, 0xFE)]),
    ("big5", (0xA4, 0xC6), [(0x40, 0x7E), (0xA1, 0xFE)]),
    ("euc_jp", (0xB0, 0xCF), [(0xA1, 0xFE)]),
]


def characters() -> set[int]:
    """Return the code points that the font is to have."""
    wanted = {code for first, last in BLOCKS for code in range(first, last + 1)}
    for codec, leads, trails in CODES:
        wanted |= {ord(text) for text in _decoded(codec, leads, trails)}
    return {code for code in wanted if code >= 0x2000}  # Latin, Greek and Cyrillic are Inter's


def _decoded(codec: str, leads: tuple[int, int], trails: list[tuple[int, int]]) -> Iterator[str]:
    for lead in range(leads[0], leads[1] + 1):
        for first, last in trails:
            for trail in range(first, last + 1):
                text = bytes((lead, trail)).decode(codec, errors="ignore")
                if len(text) == 1:
                    yield text


def subset(font: TTFont) -> None:
    """Reduce a font to these characters, without features of typesetting, and give it its own name."""
    options = Options()
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.notdef_outline = True
    options.desubroutinize = False
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GPOS", "GSUB", "GDEF"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    style = "Regular"
    postscript = f"{FAMILY.replace(' ', '')}-{style}"
    for key, text in {1: FAMILY, 2: style, 3: f"{postscript}; of Noto Sans CJK SC", 4: FAMILY, 6: postscript}.items():
        font["name"].setName(text, key, 3, 1, 0x409)
    font["name"].names = [record for record in font["name"].names if record.langID == 0x409 and record.platformID == 3]
    top = font["CFF "].cff
    top.fontNames[0] = postscript
    top.topDictIndex[0].FullName = top.topDictIndex[0].FamilyName = FAMILY


def main() -> None:
    """Write the font from the collection named on the command line."""
    for font in TTCollection(sys.argv[1]).fonts:
        if font["name"].getDebugName(4) == "Noto Sans CJK SC":
            subset(font)
            font.save(FILE)
            print(f"{FILE}: {FILE.stat().st_size / 1e6:.2f} MB, {len(font.getBestCmap())} characters")
            return
    raise SystemExit(f"{sys.argv[1]}: has no Noto Sans CJK SC; NotoSansCJK-Regular.ttc would be right")


if __name__ == "__main__":
    main()
