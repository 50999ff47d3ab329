# Secrets of a webhook: the list, rotation, import and retirement. The texts of the gateways are in their folders.

## The list

# The page, and its parts.
title = Webhook secrets
list = Valid secrets
list-empty = This webhook has no secret yet.
list-note = Events signed with any of these secrets are accepted.
list-rotate = If someone may have seen the secret, create a new one. The current secret stays valid for a while, so no events are lost.
shown-on-step = shown on the Webhook step
valid-until = valid until { $when }
valid-until-retired = valid until you retire it

# Where a secret is from, and who added it.
generated = Created { $when }.
generated-by = Created { $when } by { $name }.
imported = Entered { $when }.
imported-by = Entered { $when } by { $name }.
adopted = Found in rejected requests and accepted { $when }.
adopted-by = Found in rejected requests and accepted { $when } by { $name }.

last-verified = Last verified an event { $when }.
unused = No event has been signed with it yet.
never-used = No event has ever been signed with it.
unreadable-row = This secret can’t be read: it was damaged or replaced in the database.
safe-to-retire = Unused for { $duration }: safe to retire.
# What the Copy button copies.
id-name = the secret’s ID
retire-now = Retire now
# The accessible name of the button.
retire-now-named = Retire now: secret { $id }
use-existing = Use an existing secret
ended-list = Expired and retired
retired-by = Retired { $when } by { $name }.
ended-at = Valid until { $when }.

missing = This webhook has no secret yet. Until you paste it here, every request gets 503 and nothing is saved.
not-valid = This secret has expired or was retired.
too-many-valid = { $count } secrets are already valid here, and each request is checked against all of them. Retire some that are no longer used first.

## Secrets that cannot be read

unreadable = { $count ->
    [one] A secret of this webhook can’t be read
   *[other] Secrets of this webhook can’t be read
}
# $remedy: sentences.
unreadable-reason = { $count ->
    [one] { $ids } was damaged or replaced in the database.
   *[other] { $ids } were damaged or replaced in the database.
} { $remedy }
# $retries: “Razorpay retries them for 24 hours”; $give: “paste it into Razorpay”.

## Rotation

rotate-effects = What happens next
overlap = Keep the current secret valid for
overlap-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
overlap-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
choose-overlap = Choose how long the current secret stays valid.
create-secret = Create new secret
rotated = New secret created. The previous one is valid until { $when }.
# $instruction: a sentence of the gateway.
hand-over = Now give { $sender } the new secret
hand-over-pending = { $instruction } No event signed with it has arrived yet. The previous secret is valid until { $when }.
hand-over-overdue = { $instruction } No event signed with it has arrived yet, and the previous secret expired on { $when }.

## Retirement

retire-title = Retire a secret
retire-heading = Retire the secret of { $when }?
active-stays = The active secret can’t be retired
active-stays-create = This is the active secret, and a webhook always needs one. Create a new secret: this one then stays valid for a while and can be retired.
active-stays-paste = This is the active secret, and a webhook always needs one. Create a new secret at { $sender } and paste it here: this one then stays valid for a while and can be retired.
active-works = The active secret works: it last verified an event { $when }.
active-unproven = The active secret has never verified an event. It seems that { $sender } doesn’t have it yet.
replaced = No event has been signed with it for { $duration }, and a newer secret has replaced it.
never-needed = No event has ever been signed with it, and another secret is in use.
in-use = The last event signed with it arrived { $when }. First make sure that { $sender } has the active secret: requests signed with this one will be rejected.
maybe-in-use = No event signed with it has arrived yet. If { $sender } has it anyway, requests signed with it will be rejected.
retired-for-good = This can’t be undone.
not-entered-again = You can’t enter it again.
rejected-again = Requests signed with it will be rejected again, and you can’t enter it again.
only-with = { $count ->
    [one] { $count } stored request that was rejected can be recovered only with this secret. Recover it first: afterwards it’s no longer possible.
   *[other] { $count } stored requests that were rejected can be recovered only with this secret. Recover them first: afterwards it’s no longer possible.
}
see-rejected = See what was rejected
keep-it = Keep it
retire-it = Retire it now
back-to-webhook = Back to the webhook
retired = The secret is retired. Requests signed with it are rejected.

## Import

import-paste-title = Enter the secret
import-paste-note = { $gateway } generates the secret. Copy it there and paste it here.
# $place: “runs at Razorpay”.
import-heading = The secret that { $sender } has
import-paste-effect = Requests signed with it are verified from now on. { $replaced } It’s stored encrypted, and you won’t be able to view it again.
import-replaces = The previous secret stays valid for another { $duration }, unless it has never verified an event.
import-effect = Events signed with it are accepted in addition to those signed with this webhook’s own secret, until you retire it. It’s stored encrypted, and you won’t be able to view it again.
import-exact = Keep leading and trailing spaces or quotation marks
add-secret = Add secret
entered = The secret is saved. Requests signed with it are verified from now on.

# After an import: what was trimmed.
added = Your secret is valid from now on, until you retire it. Under Rejections, you can recover requests that were rejected without it.
added-spaces = Your secret is valid from now on, until you retire it. Spaces or line breaks around it were removed. Under Rejections, you can recover requests that were rejected without it.
added-quotes = Your secret is valid from now on, until you retire it. The quotation marks around it were removed. Under Rejections, you can recover requests that were rejected without it.
added-spaces-quotes = Your secret is valid from now on, until you retire it. Spaces and the quotation marks around it were removed. Under Rejections, you can recover requests that were rejected without it.

## Secrets that are not accepted. $instead: “Paste the secret of this webhook into Razorpay instead.”

empty = Enter the secret.
too-short = { $count ->
    [one] This secret has { $count } character
   *[other] This secret has { $count } characters
}; at least { $min } are required. Anyone who guesses it can forge payments. { $instead }
too-long = A secret can have at most { $max } bytes.
invisible-character = This contains an invisible character, such as a line break. Copy the secret again, without anything before or after it.
dots = These are the dots that hide the secret. Copy the secret itself.
key-id = This is a Key ID, which your customers’ browsers see. The secret is the text in the webhook’s Secret field.
repeated = This secret repeats the same few characters. Anyone who guesses it can forge payments. { $instead }
digits = This secret has only digits, and too few of them. Anyone who guesses it can forge payments. { $instead }
common = Apart from words, dates and patterns, too little of this secret is random. Anyone who guesses it can forge payments. { $instead }
named = Apart from names of your app, company or domain, too little of this secret is random. Anyone who guesses it can forge payments. { $instead }
# $remedy: a sentence.
api-key-secret = This is the { $label } of your API keys, which can move money: it must not be a webhook’s secret. { $remedy }
# $give: “Paste the secret of this webhook into Razorpay”.
was-retired = This secret was retired. { $remedy }
was-retired-on = This secret was retired on { $when }. { $remedy }
# $enter: “paste it into Razorpay’s Dashboard”.
of-test-mode = This is the secret of a webhook in Test mode. Live mode can’t use it: test payments would be recorded as real payments. Copy the secret of this webhook.
of-live-mode = This is the secret of a webhook in Live mode. Test mode can’t use it: real payments would be recorded as test payments. Copy the secret of this webhook.
of-another-webhook = This is the secret of another webhook of your company. Each has its own: copy the secret of this webhook.
already-valid = This secret is already valid for this webhook. There is nothing left to do.
check-running = Another secret of your company is being checked. Wait a few seconds, then try again. Nothing was saved.
too-many-checks = Too many secrets were checked in a short time. Wait a few seconds, then try again. Nothing was saved.
too-many-imported = { $count } secrets that weren’t created here are already valid. Retire one that is no longer used first.
