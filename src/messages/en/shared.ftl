# Texts that several pages use.

newer = Newer
older = Older
search-newer = Search newer
search-older = Search older
rows-shown = { $count } shown, newest first

save = Save
cancel = Cancel
show = Show
hide = Hide
# The accessible name of a Copy button.
copy-named = Copy { $name }
enable = Enable
enable-named = Enable { $name }
add-app = Add App
search = Search
app-id = App ID
see-why = See why
copy = Copy
copied = Copied
disable = Disable
