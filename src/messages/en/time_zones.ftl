# Time zones: of an app (its days), of a company, and of a reader (times of day). Zones have their names of the IANA database.

label = Time zone
unknown = Choose a time zone from the list.
# The first option when an app is registered. The zone is the company’s.
by-country = The country’s zone; if it has several, { $zone }
of-new-app = Days, daily totals, charts and downloads of the app follow this zone.
of-app = Days, daily totals, charts and downloads of the app follow this zone. Before it changes, we’ll show you the effects.
of-company = For pages outside an app, and for new apps whose country has several zones.
of-reader = Times of day follow this zone. Days and daily totals are always those of the app.
# The first option of Personal Info.
by-app = The app’s zone

# The change of an app’s zone: the question, what happens, and what follows.
change-title = Change the time zone to { $zone }?
change-heading = What happens next
change-days = Days, daily totals, charts and downloads of { $app } follow { $old } now. They will follow { $new }: days will begin and end at different times, so past daily totals change, and a payment near midnight can move to another day.
change-money = No payment or amount changes.
change-until = KS Pay first recalculates the app’s daily totals. Until that is complete, { $old } applies on every page. Payments that arrive meanwhile are included.
change-confirm = Change the time zone
change-keep = Keep { $zone }
change-asked = Daily totals are being recalculated for { $new }. Until that is complete, { $old } applies.
change-cancelled = The time zone stays { $zone }
too-many-changes = Nothing was saved. You can change the time zones of { $count } apps at a time: try again when one of these changes is complete.
changed-too-often = Nothing was saved. The time zones of your apps were changed many times within a few minutes: try again in a minute.
pending-headline = The time zone is changing to { $zone }
pending-reason = Daily totals are being recalculated. Until that is complete, { $old } applies on every page.

# On a page with both: the zone of days, and that of times of day.
both = Days: { $days }. Times of day: { $times }.
