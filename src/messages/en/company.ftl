# The company's settings.

company = Company
name = Company Name
name-hint = 3 to 60 characters. Used to identify the company in { $program } commands.
saved = The company’s settings are saved
details = Name and time zone
apps-elsewhere = Each app has its own settings. { $link }
    .link = Select an app
