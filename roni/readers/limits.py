"""How much of a file is read at most: every limit, and why it stands where it does.

A limit is far above any honest file and low enough that the most hostile file within all of them takes seconds and
less than 3 GiB.
"""

from __future__ import annotations

# England's Years 9-11 are 2 million pupils: 2 million rows of 30 columns are about 300 MB of text.
MAX_FILE_BYTES = 400 << 20
MAX_TEXT_BYTES = 512 << 20  # the same text as UTF-8, where accented letters take two bytes
MAX_LINES = 10_000_000  # five times England's Years 9-11; each line costs 25 bytes while a file is mended
MAX_CELLS = 100_000_000  # a cell costs 4 bytes even when it is blank
MAX_COLUMNS = 1_000  # the School Census has under 200 data items a pupil
MAX_BLANK_GAP = 50  # blank columns between two headings; past it, what follows is a stray cell and no heading
MAX_SPARE_CELLS = 32  # cells of a row beyond the last heading; more is another table, or a damaged row

# Excel allows 32,767 characters in a cell; a row of text longer than this is not a row of a pupil list.
MAX_CELL_CHARACTERS = 32_767
MAX_RECORD_BYTES = 1 << 20
# An address has under ten lines, a pasted note perhaps fifty; more is a quotation mark that was never closed.
MAX_LINES_IN_CELL = 100
# A line of an address has up to four commas: a line inside a cell with this many delimiters is a row.
MIN_DELIMITERS_OF_A_ROW = 5
MAX_UNTIDY_BYTES = 128 << 20  # lines whose quotation marks are mended one at a time, at about 20 MB a second

HEAD_RECORDS = 40  # title lines, filters and logos above the headings take under ten rows
HEAD_BYTES = 1 << 20

# 130,000 rows of 30 columns, four counties' Years 9-11, unpack to about 200 MB of XML. Larger lists come as CSV.
MAX_UNPACKED_BYTES = 320 << 20
MAX_PARTS = 5_000  # a workbook of 200 sheets with comments and drawings has about 1,000 parts
MAX_RATIO = 400  # honest sheets pack 10 to 100 times; deflate can do 1,032 times
MIN_RATIO_BYTES = 32 << 20  # small parts may pack as well as they like
MAX_WORKBOOK_CELLS = 4_000_000  # 130,000 rows of 30 columns; about 10 seconds
MAX_ELEMENTS = 16_000_000  # XML elements of all sheets, or of the shared texts: a cell has up to three
MAX_DEPTH = 64  # elements within elements: a cell's text stands at depth 6; each level costs memory
MAX_SMALL_PART_BYTES = 8 << 20  # styles and the list of sheets, which are read whole; 64,000 styles take 6 MB
