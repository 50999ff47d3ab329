# The frame of every page: menu, top bar, notices.

window-title = { $page } – KS Pay
window-title-in-app = { $page } – { $app } – KS Pay
window-title-in-mode = { $page } – { $app } ({ $mode }) – KS Pay

console = Console
personal-info = Personal Info
applications = Applications
settings = Settings
overview = Overview
transactions = Transactions
events = Events
rejections = Rejections
destinations = Destinations
alerts = Alerts
automate = Automate
automations = Automations
language = Language
# The window title of a form that was returned with errors.
title-with-errors = Error: { $title }

# Top bar
skip-to-content = Skip to content
home = KS Pay, main dashboard
mode = Mode
both-modes = Test and Live
account-menu = { $name }: account menu
company-and-role = { $company }, { $role }
role-owner = owner
role-admin = admin
role-developer = developer
role-viewer = viewer
sign-out = Sign out
test-mode = { $mode } Payments here aren’t real money.
    .mode = Test mode.
breadcrumbs = Breadcrumb
ks-pay = KS Pay
ks-pay-dashboard = KS Pay dashboard

# App switcher. The name of the app comes before it.
switch-app = : switch app
find-app = Find an app
find-in-all = No match here. Press Enter to search all apps.
all-apps = All apps

# Navigation
webhooks = Webhooks
more = More
search-keys = Ctrl K
search-keys-mac = ⌘ K
# The mark on the half of the mode switch whose mode is not shown.
mode-needs-attention = needs attention
state-in-mode = { $mode }: { $state }
gateway-in-mode = { $gateway }, { $mode }
no-gateway-in-mode = Payment gateways, { $mode }
connections = Connections

# The App ID select on top of an app’s settings.
show-settings = Show
other-app = Choose another app

# Notices above the content of an app’s pages.
app-off = This app is disabled: every event is rejected.
connection = { $gateway } in { $mode } mode
connection-off = { $state } Every request is rejected.
    .state = { $name } is disabled.
other-failing = { $name } Failing since { $time }.
    .name = { $connection }:
other-silent = { $name } Nothing received for { $duration }.
    .name = { $connection }:
other-not-verified = { $name } Not verified yet. { $count ->
    [one] { $count } request signed with one of your secrets was rejected.
   *[other] { $count } requests signed with one of your secrets were rejected.
}
    .name = { $connection }:
other-troubled = { $name } This webhook needs your attention.
    .name = { $connection }:
other-several = { $name } { $count ->
    [one] { $count } webhook needs your attention.
   *[other] { $count } webhooks need your attention.
}
    .name = { $mode } mode:
see-cause = See the cause
show-mode = Show { $mode } mode

# Announced by scripts after a value was copied.
copied = { $name } copied
copy-failed = Couldn’t copy. { $name } is selected: press Ctrl+C.
value = Value
