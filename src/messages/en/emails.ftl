# Emails to users. They are plain text.

footer = Sent automatically by KS Pay at { $base }. Replies to this email aren’t read.

reset-subject = Reset your KS Pay password
reset-intro = You asked to reset the password of { $email }. Choose a new password with the link below. It works once, for 30 minutes.
reset-ignore = If you didn’t ask for this, ignore this email: your password stays the same.
reset-action = Choose a new password

changed-subject = Your KS Pay password was changed
changed-intro = The password of { $email } was changed with a link that was sent to this address. You’re signed out on every device.
changed-advice = If this wasn’t you, reset your password now and inform your server administrator.
changed-action = Reset the password

test-subject = Test email from KS Pay
test-intro = KS Pay can send email to you. This test was sent from the settings of { $company }.
test-action = Open the settings
