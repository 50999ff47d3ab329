# Errors of form fields, each shown below its field.

# A field that is empty.
enter = Enter the { $label }.
enter-your-name = Enter your name.
enter-company-name = Enter your company’s name.
enter-app-name = Enter the app’s name.
enter-email = Enter an email address.
enter-domain = Enter your domain.
choose-country = Choose the country where your business is registered.

# A text that cannot be accepted.
too-short = Enter at least { $count } characters.
too-long = Enter at most { $count } characters.
invisible-character = This contains an invisible character. Type the text instead of pasting it.
email-ascii = Before the @, use only English letters, digits and symbols such as . or _.
email-invalid = Enter a complete email address, for example accounts@neemtree.example.
domain-invalid = Enter only the domain, for example shop.neemtree.example.
phone-invalid = Enter the number with + and its country code, for example +91{ "\u00A0" }00000{ "\u00A0" }00000.

# A value that conflicts with another.
app-name-taken = Your company already has an app with this name. Enter another name.
email-taken = This email is already in use. Enter another email address.
passwords-differ = The new passwords don’t match. Enter both again.
