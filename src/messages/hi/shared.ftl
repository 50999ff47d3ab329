newer = नए
older = पुराने
search-newer = नए में खोजें
search-older = पुराने में खोजें
rows-shown = { $count } दिखाए गए, सबसे नए पहले
