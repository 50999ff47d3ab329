# Sign-in, passwords, sessions, and the connection to this server.

plain-http = This console uses plain http: passwords and secrets can be read in transit.
plain-http-advice = Ask your server administrator to put a TLS proxy in front: see { $command }.

other-origin = Nothing was changed. Open KS Pay at the address the server printed when it started, and submit the form again.
other-origin-of = Nothing was changed. KS Pay is at { $url }: open it there and submit the form again.
form-expired = Nothing was changed. Go back, reload the page and submit the form again. If that doesn’t help, allow cookies for this address.
form-expired-at = Nothing was changed. Go back, reload the page and submit the form again. If that doesn’t help, open KS Pay at { $url } and allow its cookies.

# A new password that is not accepted.
password-too-short = Enter at least 12 characters. Tip: use four unrelated words.
password-too-long = This password is too long. Enter at most 1,024 bytes.
password-easily-guessed = This password is too easy to guess. Use four unrelated words.
password-contains-email = Your email address can’t be part of the password. Enter another password.

# Sign-in and password checks that did not succeed.
wrong-credentials = Email or password is incorrect. Passwords are case-sensitive.
too-many-sign-ins = Too many attempts. Wait { $wait }, then sign in again.
sign-in-busy = Too many people are signing in. Wait a few seconds, then sign in again.
no-password = Enter your password.
wrong-password = Incorrect password. Try again.
too-many-attempts = Too many attempts. Wait { $wait }, then try again.
email-needs-password = To change your email, enter your password.

# Sensitive actions, for which the password is asked.
confirm-password = Confirm your password
confirm-again = KS Pay asks for your password if you last entered it more than 15 minutes ago.
confirm-and-continue = Confirm and continue
to-reveal = To reveal the secret, enter your password.
to-rotate = To create a new secret, enter your password.
to-retire = To retire this secret, enter your password.
to-save-keys = To save these API keys, enter your password.
to-accept-account = To accept events from this account, enter your password.
to-disable = To disable { $name }, enter your password.
to-import = To add this secret, enter your password.
to-adopt = To add the secret that signed these requests, enter your password.
to-recover = To recover the rejected requests, enter your password.
to-download = To download this file, enter your password.
confirmed = Password confirmed. Download the file again.

# Other sessions of the user.
no-other-session = You’re signed in on this device only.
other-sessions = { $count ->
    [one] You’re also signed in on { $count } other device or browser. If you don’t recognise it, sign out everywhere else and change your password.
   *[other] You’re also signed in on { $count } other devices or browsers. If you don’t recognise all of them, sign out everywhere else and change your password.
}
signed-out-elsewhere = You’re signed out everywhere else
