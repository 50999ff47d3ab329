company = कंपनी
name = कंपनी का नाम
name-hint = 3 से 60 अक्षर। { $program } की कमांड में कंपनी इसी नाम से पहचानी जाती है।
saved = कंपनी की सेटिंग सहेज ली गई हैं
apps-elsewhere = ऐप की सेटिंग { $link } में हैं।
    .link = KS Pay
