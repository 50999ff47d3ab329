# What messages say of Razorpay. A test holds the hours and days equal to windows.rs.

name = Razorpay

# Set-up

webhook-heading = Razorpay webhook
integration-heading = Take payments in your shop
next-step = Next: copy the URL and the secret below into Razorpay’s Dashboard.
import-intro = Already have a webhook in Razorpay? Enter its secret here and change only its URL there.
unreachable = Razorpay can’t reach this URL yet. Ask your server administrator to fix this:
url-allowed = Razorpay’s rules allow this URL.
waiting-test = No request from Razorpay has reached this URL yet. Add the URL and the secret in Razorpay, then make a test payment and watch it arrive here.
waiting-live = No request from Razorpay has reached this URL yet. Add the URL and the secret in Razorpay; the next real payment is shown here.
silent = If payments are being made, check under Webhooks in Razorpay’s Dashboard whether this webhook is still enabled and has the right URL.
disabled = Razorpay gets 401 for every event until you enable it again, and disables the webhook after 24 hours. You must then enable the webhook in Razorpay’s Dashboard.

# Secrets

overlap-day = Enough if you paste the new secret right away: Razorpay retries an event for 24 hours, signed like the first attempt.
overlap-days = If it may take up to two days to paste it.
overlap-week = If someone else will update Razorpay this week.
overlap-longest = If Razorpay’s support sends you events of the last 15 days again: they are signed with the secret of that time.
rotating-new = This webhook gets a new secret immediately. Then paste it into Razorpay in place of the current one. No events are lost: meanwhile both are valid.
rotating-overlap = Razorpay signs each retry like the first attempt, for 24 hours, so the current secret must stay valid for a while. A replay from its Dashboard is signed with the new one.
after-rotation = Razorpay signs a retry like the first attempt, for 24 hours; its support can send events of the last 15 days again, signed with the secret of that time. A replay from its Dashboard is signed with the new secret.
hand-over = Press Copy below. In Razorpay open the webhook, press Edit, paste it into Secret and press Save Webhook.
unreadable = Requests that match no other secret get 503, and Razorpay retries them for 24 hours. Create a new secret and paste it into Razorpay: events signed with it are verified immediately. Then retire the damaged secret. Your server administrator can find details with ks-pay doctor.
new-secret = Create a new secret and paste it into Razorpay’s Dashboard.
after-rejections = Razorpay retries a rejected event for 24 hours and then disables the webhook.
where-it-is = Razorpay doesn’t show it again: look where you keep it, or in the settings of the shop that receives the webhook now.
is-url = This is a webhook’s URL. The secret is the text in the Secret field below it.
use-ours = Paste this webhook’s secret into Razorpay instead.
use-ours-and-new-keys = Paste this webhook’s secret into Razorpay, and generate new API keys if others may have seen these.
wrong-form = Razorpay secrets have no particular format.

# Rejected requests and events

paste = Copy this webhook’s secret. In Razorpay’s Dashboard, open the webhook, press Edit, paste it into the Secret field and press Save Webhook.
paste-new = If Razorpay sent this, create a new secret here and copy it.
paste-new-then = Then, in Razorpay’s Dashboard, open the webhook, press Edit, paste the new secret into the Secret field and press Save Webhook.
unsigned = If Razorpay sent this, the Secret field of its webhook is empty.
unsigned-if-set = If the field is already filled, ask your server administrator or hosting provider to pass on the header X-Razorpay-Signature.
malformed = If Razorpay sent this, the X-Razorpay-Signature header was changed on the way.
malformed-then = Ask your server administrator or hosting provider to pass it on unchanged.
mismatch = If Razorpay sent this, its Secret field has another value.
copy-again = Copy this webhook’s secret again, without spaces, and paste it into that field in Razorpay’s Dashboard.
compare = If you chose the secret yourself, or another program uses it too, compare it with this webhook’s secret. Paste this webhook’s secret into Razorpay’s Dashboard, or enter yours here.
first-check = First check in Razorpay’s Dashboard which webhook has this URL, in Test and in Live mode: either its URL or its Secret is wrong.
change-url = In Razorpay’s Dashboard, open that webhook, press Edit, replace its URL with the URL of the other webhook ({ $webhook }), keep its Secret and press Save Webhook.
look-up = Look up their payments there if they are older.
replay = { $days ->
    [one] Replay events of the last day in Razorpay’s Dashboard: it signs them with the current secret.
   *[other] Replay events of the last { $days } days in Razorpay’s Dashboard: it signs them with the current secret.
}
keep-failing = Razorpay signs every retry like the first attempt, so retries of these events keep failing after the fix.
keep-failing-if-sent = If Razorpay sent these, it signs every retry like the first attempt, so retries of these events keep failing after the fix.
look-up-event = Look up the payment in Razorpay’s Dashboard.
checkout = If your shop sends this, ask the developer of the shop to verify the checkout signature there, and to remove this URL from it. Razorpay sends webhook requests itself.

# Rules for URLs

url-invalid = Razorpay rejects this: it isn’t a URL. Set KS_PAY_PUBLIC_URL to a public https address.
url-no-host = Razorpay rejects this URL: it has no host name.
url-port = Razorpay rejects port { $port }: only ports 80 and 443 are supported. Put a proxy in front, as the README shows.
url-too-long = Razorpay rejects URLs of more than { $most } characters: choose a shorter host name.
url-http = Razorpay recommends https: put a proxy with a certificate in front, as the README shows.
url-blocked-host = Razorpay doesn’t send to { $host }. Use a host of your own, or the tunnel zrok.
url-private-host = Razorpay rejects { $host }: it isn’t a public host. Set KS_PAY_PUBLIC_URL to one, or try the tunnel zrok.
url-own-name = Razorpay rejects hosts with razorpay in their name. Use another host name.
url-private-address = Razorpay rejects { $address }: it is a private address. Set KS_PAY_PUBLIC_URL to a public host, or try the tunnel zrok.

# API keys

keys-instructions = In the Razorpay Dashboard, in { $mode } Mode, open { $menu } and press { $button }. Razorpay shows the Key Secret only once.
    .menu = Accounts & Settings › API Keys
    .button = Generate Key
key-id-hint-test = Begins with { $prefix }. Test keys are for payments that move no money.
key-id-hint-live = Begins with { $prefix }. Live keys are for real payments.
key-secret-hint = Stored encrypted. You won’t be able to view it again. It isn’t the webhook’s secret.
key-of-live = This is a Live key. Test mode needs one that begins with { $prefix }.
key-of-test = This is a Test key. Live mode needs one that begins with { $prefix }.
key-id-malformed = A Key ID of { $mode } mode is { $prefix } followed by letters or digits, for example { $example }.

# The steps in Razorpay's Dashboard, whose labels stay as they are

guide-heading = Add them in Razorpay
guide-duration = About 3 minutes
guide-open = In the Razorpay Dashboard, switch to { $label } and open { $menu }.
    .label = { $mode } Mode
    .menu = Accounts & Settings › Webhooks
guide-paste = Press { $add }, or { $edit } an existing one. Paste the URL into { $url-field } and the secret into { $secret-field }.
    .add = + Add New Webhook
    .edit = Edit
    .url-field = URL
    .secret-field = Secret
guide-alert-email = Set { $field } to
    .field = Alert Email
guide-events = Under { $field }, select { $count } events.
    .field = Active Events
guide-create-test = Press { $button }. The OTP in Test Mode is
    .button = Create Webhook
guide-create-live = Press { $button }.
    .button = Create Webhook
guide-pay-test = Make a test payment with the UPI ID
guide-pay-test-aside = Razorpay has no test button; a payment is the test. { $link }
    .link = No checkout yet?
guide-pay-live = Wait for the next payment, or make a small one and refund it.
guide-pay-live-aside = Razorpay has no test button; a payment is the test. { $link }
    .link = No checkout yet?

# Code for the developer

order-heading = 1. Create an order, on your server
order-name = Order snippet
order-intro = The Key Secret comes from the environment, never from the code. The amount is in the smallest unit: 64900 is ₹649.00.
order-label = Create an order
checkout-heading = 2. Open Checkout, on your page
checkout-name = Checkout snippet
checkout-intro = Replace the order ID with the one from step 1.
checkout-label = Open Checkout
verify-heading = 3. Verify the result of Checkout, on your server
verify-name = Verification snippet
verify-intro = This signature is made with the Key Secret. The webhook’s signature is made with the secret of step 2.
verify-label = Verify the Checkout signature
send-heading = 4. Send a signed event to this webhook
send-name = Test command
send-intro = Set { $variable } to the webhook’s secret. The response is 200, and the event is listed under Events. Each run sends a new event with the current time.
send-label = Send a signed event
