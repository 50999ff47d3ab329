# Tokens of an app, a tab of its settings.

title = Tokens
list = Tokens of this app
# $command: a command.
intro = With a token, { $command } forwards this app’s events to a developer’s machine. That machine needs no public URL.
nothing = No tokens yet. Create one for each developer’s machine. A token expires after 90 days.
test-only = Test mode only
test-and-live = Test and Live mode
created = Created { $time }.
of-user = Acts for { $name }.
last-used = Last used { $time }.
never-used = Never used.
expires = Expires { $time }.
expired = Expired { $time }.
token-id = Token ID
remove = Remove
remove-named = Remove { $name }

## The form

new-title = Create a token
name = Name
name-hint = For example Meera’s laptop
modes = Modes
allow-live = Live mode too
allow-live-note = Live events contain personal data of customers. Without this, the token reads only events of Test mode.
create = Create token
enter-name = Enter a name.
name-taken = A token of this app already has this name. Enter another name.
too-many = An app can have at most { $count } tokens. Remove one before you create another.
to-create = To create a token, enter your password.

## A new token

created-title = New token
created-note = Copy the token now: it can’t be shown again. Anyone who has it can read this app’s events until it expires or you remove it.
token = Token
copy-token = Copy token
command = Command
copy-command = Copy command
# $variable: the name of a variable.
command-note = Run this on the developer’s machine. It asks for the token, or reads it from the environment variable { $variable }.

## Removal

remove-title = Remove { $name }?
# $command: a command.
remove-effect = { $command } stops within seconds on every machine that uses this token, and the token can’t be used again.
remove-token = Remove token
keep = Keep token
now-removed = { $name } removed
