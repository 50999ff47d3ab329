// Express, the official SDK and better-sqlite3: one durable commit per request, as its documentation shows.
import Database from 'better-sqlite3';
import { listen, webhooks } from './answer.mjs';

const db = new Database(`${process.env.PEER_DIR}/peer.db`);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, body BLOB NOT NULL, received_at INTEGER NOT NULL)`);
const insert = db.prepare(
  'INSERT INTO events (event_id, type, body, received_at) VALUES (?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING');

listen(webhooks((id, type, body) => insert.run(id, type, body, Date.now())));
