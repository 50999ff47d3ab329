just-now = अभी-अभी
seconds-ago = { $count }{ "\u00A0" }सेकंड पहले
minutes-ago = { $count }{ "\u00A0" }मिनट पहले
hours-ago = { $count }{ "\u00A0" }घंटे पहले
yesterday = कल

month = { $number ->
    [1] जन॰
    [2] फ़र॰
    [3] मार्च
    [4] अप्रैल
    [5] मई
    [6] जून
    [7] जुल॰
    [8] अग॰
    [9] सित॰
    [10] अक्टू॰
    [11] नव॰
   *[other] दिस॰
}
day = { $day }{ "\u00A0" }{ $month }
day-of-year = { $day }{ "\u00A0" }{ $month }{ "\u00A0" }{ $year }
days = { $first } से { $last } तक
heading-today = आज, { $day }
heading-yesterday = कल, { $day }
heading-weekday = { $weekday }, { $day }
weekday = { $number ->
    [1] सोमवार
    [2] मंगलवार
    [3] बुधवार
    [4] गुरुवार
    [5] शुक्रवार
    [6] शनिवार
   *[other] रविवार
}
range = { $first }–{ $last }
future-day = आगे की तारीख

half = { $hour ->
    [4] सुबह
    [5] सुबह
    [6] सुबह
    [7] सुबह
    [8] सुबह
    [9] सुबह
    [10] सुबह
    [11] सुबह
    [12] दोपहर
    [13] दोपहर
    [14] दोपहर
    [15] दोपहर
    [16] शाम
    [17] शाम
    [18] शाम
    [19] शाम
   *[other] रात
}
clock = { $half }{ "\u00A0" }{ $time }
day-and-clock = { $day }, { $clock }
exact = { $day }, { $clock } { $zone }

unknown-time = समय पता नहीं
unknown-time-why = यह समय इस सर्वर की घड़ी से आगे का है: उसकी घड़ी गलत है या थी

seconds = { $count }{ "\u00A0" }सेकंड
minutes = { $count }{ "\u00A0" }मिनट
hours = { $count ->
    [one] { $count }{ "\u00A0" }घंटे
   *[other] { $count }{ "\u00A0" }घंटे
}
hours-and-minutes = { $hours ->
    [one] { $hours }{ "\u00A0" }घंटे
   *[other] { $hours }{ "\u00A0" }घंटे
} { $minutes }{ "\u00A0" }मिनट
days-long = { $count }{ "\u00A0" }दिन
