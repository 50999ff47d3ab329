name = Kestrel Pay

next-step = Next: copy the URL below into Kestrel Pay’s settings, and paste the secret of Kestrel Pay here.
waiting = No request from Kestrel Pay has reached this URL yet. Copy the URL into Kestrel Pay’s settings, paste its key here, and watch an event arrive.
unreadable = Requests that match no other secret get 503, and Kestrel Pay retries them. Create a new secret at Kestrel Pay and paste it here: events signed with it are verified immediately. Then retire the damaged secret. Your server administrator can find details with ks-pay doctor.
new-secret = Create a new secret at Kestrel Pay and paste it here.

url-private-host = Kestrel Pay can’t reach { $host }: it isn’t a public host.

keys-instructions = In Kestrel Pay, open { $menu } and press { $button }.
    .menu = My business › Access
    .button = New passphrase
passphrase-hint = Kestrel Pay shows it once.
merchant-number-hint = Eight digits, for { $mode } payments.
merchant-number-malformed = A merchant number has digits only.

guide-heading = Enter the URL at Kestrel Pay
guide-paste = Paste the URL into { $field } and save it.
    .field = Notices
guide-copy = Copy the key that Kestrel Pay then shows, and paste it here.
