# The company's settings.

company = Company
name = Company Name
name-hint = 3 to 60 characters. Used to identify the company in { $program } commands.
saved = The company’s settings are saved
details = Name and time zone
apps-elsewhere = Each app has its own settings. { $link }
    .link = Select an app

# Email
email = Email
email-needed = KS Pay needs a mail server to send alerts and links for a new password.
email-not-set-up = Email isn’t set up
email-not-set-up-advice = Ask your server administrator to set { $server } and { $sender }, and to restart KS Pay. { $command } checks the mail server.
email-sent-as = KS Pay sends email as { $sender } through { $server }.
email-in-demo = This demo sends no email. { $mailbox } shows what it would send.
    .mailbox = The demo’s mailbox
send-test = Send test email
send-test-note = Goes to your address, { $email }.
test-queued = The test email is on its way. Its outcome is shown under Email.
last-test = Last test email
look-again = Look again
