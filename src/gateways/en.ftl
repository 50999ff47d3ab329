# What messages say of any sender. A gateway replaces what it can say more exactly.

# A name as an argument. In Hindi a postposition follows.
sender = the sender
your-sender = your sender

# Set-up

webhook-heading = Connect a sender
integration-heading = Send events from your own system
next-step = Next: copy the URL and the secret below into the sender’s settings.
import-intro = Does the sender already have a webhook? Enter its secret here and change only its URL there.
unreachable = A sender can’t reach this URL yet. Ask your server administrator to fix this:
waiting = No request has reached this URL yet. Enter the URL and the secret in the sender’s settings, have it send one event, and watch it arrive here.
silent = If you expected events, check the sender: is it still enabled, and does it have this URL?
disabled = Senders get 401 for every event until you enable it again.

# Secrets

overlap-day = Enough if you enter the new secret at the sender right away.
overlap-days = If it may take up to two days to enter it.
overlap-week = If someone else will update the sender this week.
overlap-longest = The longest overlap.
rotating-new = This webhook gets a new secret immediately. Then enter it at the sender in place of the current one. No events are lost: meanwhile both are valid.
rotating-overlap = The sender signs with the current secret until it is changed there, so that secret must stay valid for a while.
hand-over = Press Copy below, and enter the secret at the sender in place of the current one.
unreadable = Requests that match no other secret get 503, and the sender should retry them. Create a new secret and enter it at the sender: events signed with it are verified immediately. Then retire the damaged secret. Your server administrator can find details with ks-pay doctor.
new-secret = Create a new secret and enter it in the sender’s settings.
where-it-is = As the sender shows it.
is-url = This is a webhook’s URL. The secret is the text that the sender signs with.
use-ours = Enter this webhook’s secret at the sender instead.
use-ours-and-new-keys = Enter this webhook’s secret at the sender, and generate new API keys if others may have seen these.
wrong-form = This isn’t in the format of the sender’s secrets. Copy the whole secret.

# Rejected requests and events

paste = Copy this webhook’s secret and enter it in the sender’s settings.
paste-new = If your sender sent this, create a new secret here and copy it.
paste-new-then = Then enter it in the sender’s settings.
unsigned = If your sender sent this, it has no secret yet.
unsigned-if-set = If it already has one, ask your server administrator or hosting provider to pass on the headers of the signature.
check-in-front = Check anything in front of KS Pay, such as Cloudflare, nginx or an API gateway.
malformed = If your sender sent this, ask the developer of the program that signs these requests to follow the sender’s documentation.
mismatch = If your sender sent this, it has another secret.
copy-again = Copy this webhook’s secret again, without spaces, and enter it in the sender’s settings.
compare = If you chose the secret yourself, or another program uses it too, compare it with this webhook’s secret. Enter this webhook’s secret in the sender’s settings, or enter yours here.
first-check = First check in the sender’s settings whether this is the right URL: either the URL or the secret is wrong.
change-url = Replace the URL there with the URL of the other webhook ({ $webhook }), and keep the secret.
look-up = Check with the sender, or ask for them to be sent again.
keep-failing = If the sender signs every retry like the first attempt, retries of these events keep failing after the fix.
keep-failing-if-sent = If your sender sent these, and signs every retry like the first attempt, retries keep failing after the fix.
look-up-event = Look it up at the sender.
