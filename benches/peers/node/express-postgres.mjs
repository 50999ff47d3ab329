// Express, the official SDK and pg with a pool of ten. The usual PG variables name the database.
import pg from 'pg';
import { listen, webhooks } from './answer.mjs';

const pool = new pg.Pool({ max: 10 });
await pool.query(`CREATE TABLE IF NOT EXISTS events (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, body BYTEA NOT NULL,
  received_at BIGINT NOT NULL)`);
const insert = {
  name: 'insert',
  text: 'INSERT INTO events (event_id, type, body, received_at) VALUES ($1, $2, $3, $4) ON CONFLICT (event_id) DO NOTHING',
};

listen(webhooks((id, type, body) => pool.query({ ...insert, values: [id, type, body, Date.now()] })));
