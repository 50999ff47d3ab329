# What to do about a rejection: whole sentences, of which the first is also shown in the list.

# Sentences that follow each other
then = { $first } { $then }
# Items of a list
list = { $first }, { $rest }
list-last = { $first } and { $last }

# Someone may have sent it
wrong-secret = If { $sender } sent this, its secret is wrong.
not-this-secret = If { $sender } sent this, it doesn’t use this webhook’s secret.
check-secret-first = If { $sender } sent this, check its secret first.
changed-on-the-way = If { $sender } sent this, it was changed on the way.
forgeable = Anyone can create such a signature.
guessable = The secret isn’t random enough, so KS Pay doesn’t accept it.
dots = If { $sender } sent this, the dots were copied instead of the secret: press Copy next to it.
scanner = If you don’t recognise it, there is nothing to do: it was rejected and has no effect.
other-gateway = If you use { $other }, remove this URL from its settings: this webhook is for { $gateway }.
other-gateway-not-used = If you don’t use { $other }, and { $sender } didn’t send this, there is nothing to do.
other-account = If the account is yours, create a webhook for it, or enter its secret for this webhook.
other-account-not-yours = If not, there is nothing to do: any { $gateway } merchant can enter your URL by mistake.
retired = If the secret was retired because someone else may know it, these requests may be forged.
key-secret = The Key Secret belongs in the Credentials step; the webhook has its own secret.
checked-again = Once fewer requests arrive, KS Pay checks stored requests of up to 256 KiB again and lists each one under its cause.
now-verifies = Recover it: it arrived before its secret was accepted here. New requests are accepted.
disabled = Enable the app and its gateway. Then recover the requests that were rejected meanwhile.
enabled-again = It’s enabled again. You can recover the requests that were rejected meanwhile below.
enabled-in-list = It’s enabled again. Open this rejection to see what can be recovered.
enabled = It’s enabled again.

# Tasks for the administrator of anything between the gateway and KS Pay
header-once = Ask your server administrator or hosting provider to pass on the header { $header } only once.
header-unchanged = Ask your server administrator or hosting provider to pass on the header { $header } unchanged.
header-name = Ask your server administrator or hosting provider to pass on the header { $header } under its own name.
keep-names = If something renames them on the way, ask your server administrator or hosting provider to keep their names.
pass-on-all = If it already does, ask your server administrator or hosting provider to pass on all three.
body-unchanged = Ask your server administrator or hosting provider to let requests to /webhooks/ through unchanged, byte for byte.
decompress-or-keep-header = Ask your server administrator or hosting provider to decompress the body, or to keep the Content-Encoding header.
decompress-or-turn-off = Ask your server administrator or hosting provider to decompress the body, or to turn off request compression.
pass-on-body = Ask your server administrator or hosting provider to pass on the body.
pass-on-whole-body = Ask your server administrator or hosting provider to pass on the whole body, and to check for a size limit.
no-compression = Ask your server administrator or hosting provider to turn off request compression: the signature covers the body as it was before compression.
delays = If { $sender } sent this, ask your server administrator or hosting provider to find out what delays requests.
usual-size = { $gateway } events are about a thousandth of that size.
large-body = If { $sender } sent this, ask your server administrator or hosting provider to find out what makes the body so large.
clocks = Ask your server administrator or hosting provider to synchronise the server’s clock, and the developer of the program that signs these requests to do the same.
clock-difference = If your sender sent this, its clock or this server’s clock is wrong: they must agree to within { $length }.
synchronise = Ask your server administrator or hosting provider to synchronise the clock.

# Tasks for the developer of the program that signs
send-headers = If your sender sent this, ask the developer of the program that signs these requests to send { $headers }.
names-of-headers = Ask the developer of the program that signs these requests to send { $headers } under these names.
version = Ask the developer of the program that signs these requests to write { $header } as v1, followed by a comma and the signature in base64.
encode-hex = Ask the developer of the program that signs these requests to encode { $header } in hex, as { $gateway } does.
encode-standard-base64 = Ask the developer of the program that signs these requests to encode the signature in standard base64, with padding.
encode-base64 = Ask the developer of the program that signs these requests to encode the signature in base64.
encode-base64-after-version = Ask the developer of the program that signs these requests to encode the signature in base64, after v1 and a comma.
use-hmac = Ask the developer of the program that signs these requests to use HMAC-SHA256.
own-use-hmac = If these requests are yours, ask the developer of the program that signs them to use HMAC-SHA256 with this webhook’s secret.
own-use-key = If these requests are yours, ask the developer of the program that signs them to use HMAC-SHA256 with the secret as the key.
own-add-signature = If these requests are yours, ask the developer of the program that signs them to add a signature made with the secret, beginning with v1 and a comma.
hmac-over-body = Ask the developer of the program that signs these requests to use HMAC-SHA256 with the secret as the key, over the body alone.
hmac-over-parts = Ask the developer of the program that signs these requests to use HMAC-SHA256 with the decoded secret as the key, over { $parts }.
sign-body = Ask the developer of the program that signs these requests to sign the whole body, unchanged, and nothing else.
sign-parts = Ask the developer of the program that signs these requests to sign { $parts }: all three, in this order, separated by full stops.
use-secret-as-it-is = If a program of yours signs these requests, ask the developer of that program to use the secret exactly as it is.
decode-once = Ask the developer of the program that signs these requests to decode the secret from base64, once.
remove-prefix-and-decode-once = Ask the developer of the program that signs these requests to remove { $prefix } from the secret and decode the rest from base64, once.
remove-prefix = Ask the developer of the program that signs these requests to remove { $prefix } from the secret and decode the rest from base64, as the { $gateway } libraries do.
decode-first = Ask the developer of the program that signs these requests to decode the secret from base64 first, as the { $gateway } libraries do.
sign-again = If the sender’s clock is right, it is reusing an old signature: ask the developer of the program that signs these requests to sign each attempt again.
correct-clock = Otherwise, correct its clock. A difference of up to { $length } is accepted.
secret-and-clock = If your sender sent this, its secret and its clock are wrong.
then-correct-clock = Then correct its clock.
whole-seconds = If your sender sent this, ask the developer of the program that signs these requests to write { $header } in whole seconds since 1970.
whole-seconds-in-digits = If your sender sent this, ask the developer of the program that signs these requests to write { $header } in whole seconds since 1970, in digits only.

# Signed with the secret of another webhook: the URL or the secret is wrong
url-if-live = If these are live payments, the URL is wrong.
url-if-test = If these are test payments, the URL is wrong.
url-if-other-app = If these are payments of the other app, the URL is wrong.
url-if-other-webhook = If these payments belong to the other webhook, the URL is wrong.
secret-if-live = If these are live payments, the secret is wrong.
secret-if-test = If these are test payments, the secret is wrong.
secret-if-this-app = If these are payments of this app, the secret is wrong.
secret-if-this-webhook = If these payments belong to this webhook, the secret is wrong.
live-as-test = Don’t enter this webhook’s secret there: live payments would be recorded as test payments.
test-as-live = Don’t enter this webhook’s secret there: test payments would be recorded as live payments.
other-app-as-this = Don’t enter this webhook’s secret there: payments of the other app would be recorded as payments of this one.
other-webhook-as-this = Don’t enter this webhook’s secret there: payments of the other webhook would be recorded as payments of this one.

# No cause is known
check-proxies = If Cloudflare, nginx, an API gateway or another program is in front of KS Pay, ask its administrator to pass requests to /webhooks/ through unchanged. It may change the body in a way that can’t be undone.
