# Sign-in, set-up and Personal Info.

# Sign-in
sign-in = Sign in
sign-in-to = Sign in to KS Pay
not-set-up = KS Pay hasn’t been set up yet
not-set-up-advice = Open the link that the server printed when it started.
enter-email = Enter Your Email
enter-password = Enter Password
submit-sign-in = Sign In
forgot-password = Forgot Password?
forgot-advice = Ask your server administrator. With your email address and this command, they can set a new password for you:
forgot-command = Command that sets a new password
forgot-effect = You can use the new password immediately. You’ll be signed out on every device.
back-to-sign-in = Back to sign-in

# Password reset by email
reset-password = Reset your password
reset-note = Enter the email you sign in with. We’ll send you a link to choose a new password.
send-link = Send link
check-email = Check your email
check-email-note = If an account has the address you entered, we’ve sent a link to it. The link works once, for 30 minutes. If nothing arrives, look in your spam folder, then ask your server administrator.
choose-password = Choose a new password
choose-password-note = For { $email }. You’ll be signed out on every device.
save-password = Save password
reset-expired-advice = A link to reset the password works once, for 30 minutes. Request a new one. If the link is new, allow cookies for this address and open it again.
request-new-link = Request a new link
reset-done = Your password is changed
reset-done-note = You’re signed out on every device. Sign in with your new password.

# Set-up
set-up = Set up
set-up-ks-pay = Set up KS Pay
set-up-note = Create your company and owner account. This link works once.
company-name = Company Name
company-name-hint = 3 to 60 characters.
your-name = Your Name
your-email = Your Email
email-hint = You’ll use this to sign in.
password = Password
password-hint = At least 12 characters. Tip: use four unrelated words.
create-company = Create company and sign in
link-expired = This link no longer works
link-expired-advice = A set-up link works once, for 24 hours, and stops working when the server restarts. If KS Pay isn’t set up yet, restart the server: it prints a new link. If the link is new, allow cookies for this address and open it again.
to-sign-in = Go to sign-in

# Personal Info
profile = Your profile
name = Name
email = Email
your-password = Your password
your-password-hint = Only needed when you change your email.
profile-saved = Your personal info is saved
change-password = Change Password
change-password-note = You’ll be signed out on every other device.
old-password = Old Password
new-password = New Password
confirm-new-password = Confirm New Password
update-password = Update Password
password-changed = Your password is changed, and other devices are signed out
sessions = Where you’re signed in
sign-out-elsewhere = Sign out everywhere else
