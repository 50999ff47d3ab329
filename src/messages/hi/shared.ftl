newer = नए
older = पुराने
search-newer = नए में खोजें
search-older = पुराने में खोजें
rows-shown = { $count ->
    [1] { $count } दिखाया गया
   *[other] { $count } दिखाए गए, सबसे नए पहले
}

save = सहेजें
cancel = रद्द करें
show = दिखाएँ
hide = छिपाएँ
copy-named = { $name } कॉपी करें
enable = चालू करें
enable-named = { $name } को चालू करें
add-app = ऐप जोड़ें
search = खोजें
app-id = App ID
see-why = वजह देखें
copy = कॉपी करें
copied = कॉपी हो गया
disable = बंद करें
