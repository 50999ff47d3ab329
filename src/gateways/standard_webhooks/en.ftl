# What messages say of senders that follow Standard Webhooks.

webhook-heading = Connect a Standard Webhooks sender
disabled = Senders of Standard Webhooks get 401 for every event until you enable it again.

where-it-is = As the sender shows it, with or without the whsec_ prefix.
wrong-form = This isn’t in the format of Standard Webhooks: whsec_ followed by base64. Copy the whole secret.

paste = Copy this webhook’s secret, including the whsec_ prefix, and enter it in the sender’s settings.
paste-new = If your sender sent this, create a new secret here and copy it, including the whsec_ prefix.
unsigned-if-set = If it already has one, ask your server administrator or hosting provider to pass on webhook-id, webhook-timestamp and webhook-signature.
malformed = If your sender sent this, ask the developer of the program that signs these requests to follow Standard Webhooks 1.0.0: v1, a comma, and the HMAC-SHA256 in base64.
copy-again = Copy this webhook’s secret again, including the whsec_ prefix and without spaces, and enter it in the sender’s settings.

url-private-host = A sender elsewhere can’t reach { $host }: it isn’t a public host. Set KS_PAY_PUBLIC_URL to one, unless the sender is in your own network.

# The steps at the sender

guide-heading = Enter them at the sender
guide-add = Open the webhook settings of the system that sends the events, and add an endpoint.
guide-add-aside = It must sign as Standard Webhooks 1.0.0 specifies: { $id }, { $time } and { $signature } with v1.
guide-paste = Enter the URL as the endpoint and the secret, including the { $prefix } prefix, as the signing secret.
guide-send = Have it send one event, and watch it arrive here.
guide-send-aside = The clocks of the sender and of this server must agree to within 5 minutes. The step { $integration } has a command that sends a signed event.
    .integration = Integration

# Code for the developer

send-heading = Send a signed event to this webhook
send-name = Test command
send-intro = Set { $variable } to the secret, including the { $prefix } prefix. The response is 200, and the event is listed under Events.
send-label = Send a signed event
