heading = { $app } का सेट-अप
progress = { $done ->
    [1] { $all } में से { $done } पूरा
   *[other] { $all } में से { $done } पूरे
}
next = आगे: { $task }

register-app = ऐप रजिस्टर करें
connect-test = Test मोड में गेटवे जोड़ें
verify-test = टेस्ट भुगतान से वेबहुक सत्यापित करें
mark-test = वेबहुक चरण में “पूरा हुआ चुनें” दबाएँ
connect-live = Live मोड में गेटवे जोड़ें
verify-live = असली भुगतान से वेबहुक सत्यापित करें
