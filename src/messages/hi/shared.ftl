newer = नए
older = पुराने
search-newer = नए में खोजें
search-older = पुराने में खोजें
rows-shown = { $count } दिखाए गए, सबसे नए पहले

copy = कॉपी करें
copied = कॉपी हो गया
copy-named = { $name } कॉपी करें
cancel = रद्द करें
disable = बंद करें
enable = चालू करें
