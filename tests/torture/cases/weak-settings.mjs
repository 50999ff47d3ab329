// A database that is configured to lose commits. With synchronous_commit off for a PostgreSQL database, the server's own
// sessions still commit to disk, so a crash of PostgreSQL right after the responses loses nothing. A setting that no session
// can override – fsync or full_page_writes off, or synchronous_commit off behind a pooler that drops session options – is named
// by `ks-pay doctor`, which fails, and no server starts on it: it ends with 1 and one line that names the setting. With
// --accept-data-loss it starts, and its log and its pages say so. On SQLite the server sets everything itself; an in-memory
// database, which has no WAL, is refused.
//
// Control: of the rows that a session commits with the database's setting until the crash, the last ones are lost.
import { soon, torture } from "../support/case.mjs";
import { allWell, nothingLost } from "../support/final_checks.mjs";
import { Installation } from "../support/installation.mjs";
import { pooler } from "../support/pooler.mjs";
import { Cluster } from "../support/postgres.mjs";
import { Traffic } from "../support/traffic.mjs";

/** Minimum of rows that the control commits, and its timeout in milliseconds. */
const ROWS = 50;
const WAIT_TIMEOUT_MS = 60_000;
const ACCEPT = "--accept-data-loss";
/** SQLite treats it as a name; an empty file of that name is created in the working directory. */
const IN_MEMORY = "sqlite:file::memory:";
const AT_RISK = "Events may be lost in a power cut";

await torture(async (run) => {
  await asynchronous(run);
  for (const setting of ["fsync", "full_page_writes"]) {
    const cluster = await Cluster.make(run, { settings: { [setting]: "off" } });
    await refusedUnlessAccepted(run, cluster.url, setting);
  }
  await behindAPooler(run);
  await refused(run, IN_MEMORY, "journal_mode");
});

async function asynchronous(run) {
  // The WAL writer sleeps for long, so that commits which rely on it are lost.
  const cluster = await Cluster.make(run, { settings: { synchronous_commit: "off", wal_writer_delay: "10s" } });
  const installation = await Installation.make(run, { env: { DATABASE_URL: cluster.url } });
  await cluster.psql("CREATE TABLE control (n bigint)");
  await cluster.psql("CHECKPOINT");
  await installation.serve();
  const traffic = new Traffic(run);
  await traffic.pour(installation.connection, { most: run.of(150, 1500) }).done;
  // One row after another until PostgreSQL is gone: each commit of our server also flushes the commits of others up to then.
  let told = 0;
  const session = cluster.session(() => insert(++told));
  const insert = (n) => session.ask(`INSERT INTO control VALUES (${n}) RETURNING n`);
  // It does not notice the server's end, and the case must not wait for it.
  const idle = cluster.session();
  insert(told);
  await soon(() => told >= ROWS, WAIT_TIMEOUT_MS);
  await cluster.stop("immediate");
  await Promise.all([session.over(), idle.over()]);
  await cluster.start();
  const left = Number((await cluster.psql(`SELECT count(*) FROM control WHERE n < ${told}`)).stdout);
  run.control(left < told, `of ${told} rows that another session committed by the database's setting ${left} are left`);
  await installation.until("/readyz", 200, WAIT_TIMEOUT_MS);
  await nothingLost(run, installation, traffic, { isFelt: false });
  await allWell(run, installation, traffic);
}

async function behindAPooler(run) {
  const cluster = await Cluster.make(run);
  const pool = await pooler(run, cluster.socket);
  const url = `postgres://postgres@127.0.0.1:${pool.port}/postgres?sslmode=disable`;
  const before = new Installation(run, run.directory(), { DATABASE_URL: url });
  const { isServing } = await start(before);
  await before.stop();
  run.control(isServing && pool.took > 0, `a pooler that drops what sessions ask for, here ${pool.took}, is by itself no reason to refuse`);
  await cluster.psql("ALTER DATABASE postgres SET synchronous_commit = off");
  await refusedUnlessAccepted(run, url, "synchronous_commit", before.directory);
}

/** Asserts that no server starts on a database with this setting. */
async function refused(run, DATABASE_URL, setting, directory = run.directory()) {
  const installation = new Installation(run, directory, { DATABASE_URL });
  const end = await start(installation);
  run.demand(isRefusal(end, setting), `with a weak ${setting} no server starts, and it says why`, end);
  return installation;
}

/** Asserts the same, and that the doctor finds it; where it is accepted a server starts and says so. */
async function refusedUnlessAccepted(run, DATABASE_URL, setting, directory) {
  const installation = await refused(run, DATABASE_URL, setting, directory);
  const doctor = await installation.attempt(["doctor"]);
  run.demand(doctor.code === 1 && new RegExp(`^bad +${setting}`, "m").test(doctor.stdout), `doctor fails and names ${setting}`, doctor.stdout);
  const accepted = await start(installation, [ACCEPT]);
  run.control(!isRefusal(accepted, setting), `with ${ACCEPT} the same is found to start`, accepted);
  run.demand(accepted.isServing, `with ${ACCEPT} it starts`, accepted);
  if (!accepted.isServing) return;
  const isLogged = new RegExp(`WARN.*${AT_RISK}.*${setting}`).test(accepted.log);
  run.demand(isLogged, `with ${ACCEPT} its log warns of ${setting}`, accepted.log || "nothing");
  const page = await installation.page("/login");
  run.demand(page.includes(AT_RISK) && page.includes(setting), `with ${ACCEPT} its pages tell of ${setting}`, page);
  await installation.stop();
}

/** Starts the server; returns whether it serves, or its exit code, and its output. */
async function start(installation, options = []) {
  const before = installation.log.length;
  const isServing = await installation.serve({ options }).then(() => true, () => false);
  const code = installation.isRunning ? undefined : await installation.exit;
  return { isServing, code, log: installation.log.slice(before).replace(/\x1b\[[0-9;]*m/g, "").trim() };
}

/** Returns whether nothing listened, and one line names the setting and the operator's options. */
function isRefusal({ isServing, code, log }, setting) {
  return !isServing && code === 1 && !log.includes("\n") && log.includes(`${setting} is `) && log.includes(ACCEPT);
}
