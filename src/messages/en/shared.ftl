# Texts that several pages use.

newer = Newer
older = Older
search-newer = Search newer
search-older = Search older
rows-shown = { $count } shown, newest first
