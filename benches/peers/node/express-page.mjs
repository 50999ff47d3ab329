// Express and EJS: a page of the newest fifty events, read from our own database file with better-sqlite3. It has no sign-in,
// no filters and no layout, so it does less work than our page.
import Database from 'better-sqlite3';
import express from 'express';
import { fileURLToPath } from 'node:url';
import { listen } from './answer.mjs';

const db = new Database(process.env.PEER_DB, { readonly: true });
// Ids are 64-bit integers, which JavaScript's numbers do not hold.
const list = db.prepare(`SELECT CAST(id AS TEXT) AS id, gateway_event_id, event_type, state, CAST(transaction_id AS TEXT) AS transaction_id,
  amount_subunits, currency, received_count, received_at FROM events
  WHERE connection_id = (SELECT id FROM connections WHERE mode = 'test' LIMIT 1) ORDER BY events.id DESC LIMIT 51`);

const app = express();
app.set('views', fileURLToPath(new URL('views', import.meta.url)));
app.set('view engine', 'ejs');
app.enable('view cache');
app.get('/events', (request, response) => {
  const rows = list.all();
  response.render('events', { rows: rows.slice(0, 50), hasOlder: rows.length > 50 });
});

listen(app);
