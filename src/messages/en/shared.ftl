# Texts that several pages use.

newer = Newer
older = Older
search-newer = Search newer
search-older = Search older
rows-shown = { $count } shown, newest first

copy = Copy
copied = Copied
# The accessible name of a Copy button.
copy-named = Copy { $name }
cancel = Cancel
disable = Disable
enable = Enable
