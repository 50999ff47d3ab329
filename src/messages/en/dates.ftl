# Times, days and durations. Spaces within a time do not break.

just-now = just now
seconds-ago = { $count }{ "\u00A0" }s ago
minutes-ago = { $count }{ "\u00A0" }min ago
hours-ago = { $count }{ "\u00A0" }h ago
yesterday = yesterday

# Months, from 1.
month = { $number ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[other] Dec
}
day = { $day }{ "\u00A0" }{ $month }
day-of-year = { $day }{ "\u00A0" }{ $month }{ "\u00A0" }{ $year }
days = { $first } to { $last }
# Headings of the rows of a day: Today, 29 Nov; Monday, 2 Nov
heading-today = Today, { $day }
heading-yesterday = Yesterday, { $day }
heading-weekday = { $weekday }, { $day }
# Days of the week, from Monday as 1.
weekday = { $number ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[other] Sunday
}
# 16–29 Nov
range = { $first }–{ $last }
future-day = Date in the future

# am or pm, by the hour of 24.
half = { $hour ->
    [0] am
    [1] am
    [2] am
    [3] am
    [4] am
    [5] am
    [6] am
    [7] am
    [8] am
    [9] am
    [10] am
    [11] am
   *[other] pm
}
# 7:41 pm
clock = { $time }{ "\u00A0" }{ $half }
day-and-clock = { $day }, { $clock }
exact = { $day }, { $clock } { $zone }

unknown-time = time unknown
unknown-time-why = Later than this server’s clock: its clock is or was wrong

seconds = { $count }{ "\u00A0" }s
minutes = { $count }{ "\u00A0" }min
hours = { $count }{ "\u00A0" }h
hours-and-minutes = { $hours }{ "\u00A0" }h{ "\u00A0" }{ $minutes }{ "\u00A0" }min
days-long = { $count ->
    [one] { $count }{ "\u00A0" }day
   *[other] { $count }{ "\u00A0" }days
}
