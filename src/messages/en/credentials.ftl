# The steps Credentials, Integration and Security.

credentials-title = Enter the { $gateway } API keys
credentials-note = We’ll check these keys with { $gateway }.
keys-heading = { $mode } API keys
# Before what to do there. $path is the menu path in the gateway's dashboard.
keys-saved-at = Saved { $when }.
submit = Submit

# The result of a check. The console shows it above the form or at a field.
keys-accepted = { $gateway } accepted the keys. They are saved.
keys-rejected = { $gateway } rejected these keys, so nothing was saved. Copy them again from { $menu }.
stored-keys-rejected = { $gateway } rejects the saved keys. Copy them again from { $menu }.
keys-changed-meanwhile = Other keys were saved while these were being checked, so nothing was saved. Reload this page and try again.
no-keys = There are no keys to check yet. Enter them here.
key-unreadable = The saved { $label } can’t be read: it was damaged or replaced in the database. Copy the { $label } from { $gateway } again and save it here.
# The hint of a field whose value is never shown again.
key-kept = A value is saved. Leave this empty to keep it, or enter a new { $label } to replace it.
check-running = Another check of your company’s keys is running. Wait a few seconds, then try again. Nothing was saved.
too-many-checks = Too many checks. Wait ten seconds, then try again. Nothing was saved.

# The keys could not be checked: the reason, then what it means.
keys-unchecked = The keys are saved but not checked yet
keys-unchecked-effect = You can receive events without them.
check-again = Check again
gateway-not-asked = { $gateway } couldn’t be reached when the keys were saved.
gateway-unreachable = { $gateway } couldn’t be reached from this server.
gateway-timeout = { $gateway } didn’t respond within 10{ "\u00A0" }s.
gateway-busy = { $gateway } asked us to try again later.
gateway-server-error = { $gateway } reported a server error (status { $status }).
gateway-unexpected-status = { $gateway } returned an unexpected response (status { $status }).

integration-note = For your developer: code to paste, with this app’s own values.
# A credential that the snippets contain is not saved.
snippets-incomplete = { $link } to fill in these snippets.
    .link = Add your { $label }
integration-finish = Mark this step as done once your shop takes payments. The Webhook step shows whether events arrive.

domain-title = Set your domain
domain-note = Optional. The domain where your customers pay, in Test and in Live. KS Pay doesn’t accept a webhook secret that is based on it, because that would be easy to guess. No request is blocked because of the domain.
domain-heading = Your app’s domain
domain = Domain
domain-hint = For example shop.neemtree.example. You can paste a full URL; only the host name is saved.
domain-ascii = This is { $domain } in ASCII, as browsers send it.
domain-done = A domain is saved, so this step is done.
save-domain = Save domain
domain-saved = The domain is saved.
domain-saved-of-four = The domain is saved. All four steps are done.
domain-saved-of-three = The domain is saved. All three steps are done.
