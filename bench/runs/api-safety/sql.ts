// Statements that must work, and statements that must be refused with 400. `{outside}` is a folder that is not the store and has a
// file with a secret in it, `{store}` is the store's own folder.

export const allowedSql: readonly string[] = [
  'SELECT 1 AS one',
  'select count(*) from flows',
  'SELECT * FROM events LIMIT 1',
  'FROM flows SELECT src_addr LIMIT 1',
  'WITH big AS (SELECT * FROM flows WHERE bytes > 1000) SELECT count(*) FROM big',
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT sum(i) FROM n',
  'DESCRIBE flows',
  'DESCRIBE SELECT id FROM events',
  'SHOW TABLES',
  'EXPLAIN SELECT * FROM flows',
  'EXPLAIN ANALYZE SELECT count(*) FROM events',
  'SUMMARIZE events',
  'SELECT 1;',
  '  -- a comment\n SELECT 2 /* another */',
  "SELECT 'DROP TABLE flows; COPY' AS text",
  'SELECT time_received, id FROM events ORDER BY time_received DESC LIMIT 5',
  "SELECT json_extract_string(data, '$.n') FROM events LIMIT 1",
  'SELECT src_addr, sum(bytes) AS bytes FROM flows GROUP BY ALL ORDER BY bytes DESC LIMIT 10',
  'SELECT * FROM range(3)',
  'SELECT unnest([1, 2, 3]) AS n',
  'SELECT a.id FROM events a JOIN events b USING (id) LIMIT 1',
  'SELECT regexp_matches(src_addr, \'^10\\.\') FROM flows LIMIT 1',
  'SELECT date_trunc(\'hour\', time_start) AS hour, count(*) FROM flows GROUP BY hour',
  'SELECT row_number() OVER (ORDER BY bytes) FROM flows LIMIT 3',
  '(SELECT 1) UNION ALL (SELECT 2)',
]

export const refusedSql: readonly string[] = [
  // Not one query.
  '', ' ', ';', '-- nothing', 'SELECT 1; SELECT 2', 'SELECT 1; DROP VIEW flows', 'SELEC 1', 'SELECT', 'SELECT FROM WHERE', "SELECT 'open", 'SELECT (1', '\u0000', 'SELECT 1\u0000',
  // Statements that change something.
  'INSERT INTO events SELECT * FROM events', 'UPDATE flows SET bytes = 0', 'DELETE FROM events', 'TRUNCATE events', 'DROP VIEW flows', 'DROP TABLE IF EXISTS flows', 'CREATE TABLE t AS SELECT 1',
  'CREATE OR REPLACE VIEW flows AS SELECT 1', 'CREATE MACRO f() AS 1', 'CREATE SCHEMA s', 'CREATE SEQUENCE s', 'CREATE TYPE t AS ENUM (\'a\')', 'CREATE SECRET (TYPE http, BEARER_TOKEN \'x\')', 'ALTER TABLE flows RENAME TO f',
  'MERGE INTO events USING events AS e ON true WHEN MATCHED THEN DELETE', 'VACUUM', 'CHECKPOINT', 'FORCE CHECKPOINT', 'ANALYZE', 'COMMENT ON VIEW flows IS \'x\'',
  // Session and process.
  'SET memory_limit = \'100GB\'', 'SET enable_external_access = true', 'RESET memory_limit', 'PRAGMA database_list', 'PRAGMA threads = 64', 'CALL pragma_version()', 'BEGIN', 'COMMIT', 'ROLLBACK', 'USE memory',
  'PREPARE p AS SELECT 1', 'EXECUTE p', 'DEALLOCATE p', 'LOAD httpfs', 'INSTALL httpfs', 'INSTALL httpfs FROM community', 'UPDATE EXTENSIONS', 'SET VARIABLE x = 1', 'SET GLOBAL threads = 1',
  "SELECT getenv('HOME')", "SELECT current_setting('temp_directory')", "SELECT nextval('s')", 'SELECT * FROM duckdb_settings()', 'SELECT * FROM duckdb_secrets()', 'SELECT * FROM duckdb_logs()', "CALL enable_logging()", "SELECT * FROM enable_logging()",
  "SELECT write_log('x')", 'SELECT * FROM pragma_database_size()', 'SELECT * FROM duckdb_temporary_files()', 'SELECT * FROM duckdb_memory()',
  // Other databases.
  "ATTACH '{outside}/other.db'", "ATTACH '{outside}/secret.csv' AS s (READ_ONLY)", 'DETACH memory', "EXPORT DATABASE '{outside}/export'", "IMPORT DATABASE '{outside}'", "COPY FROM DATABASE a TO b",
  // Files outside the store.
  "SELECT * FROM '{outside}/secret.csv'", "FROM '{outside}/secret.csv'", 'SELECT * FROM "{outside}/secret.csv"', "SELECT * FROM read_csv('{outside}/secret.csv')", "SELECT * FROM read_csv_auto('{outside}/secret.csv')", "SELECT * FROM read_text('{outside}/secret.csv')",
  "SELECT * FROM read_blob('{outside}/secret.csv')", "SELECT * FROM read_json('{outside}/secret.csv')", "SELECT * FROM read_json_auto('{outside}/secret.csv')", "SELECT * FROM read_ndjson('{outside}/secret.csv')", "SELECT * FROM read_parquet('{outside}/x.parquet')",
  "SELECT * FROM parquet_scan('{outside}/x.parquet')", "SELECT * FROM parquet_metadata('{outside}/x.parquet')", "SELECT * FROM parquet_schema('{outside}/x.parquet')", "SELECT * FROM parquet_kv_metadata('{outside}/x.parquet')", "SELECT * FROM parquet_file_metadata('{outside}/x.parquet')",
  "SELECT * FROM glob('{outside}/*')", "SELECT * FROM sniff_csv('{outside}/secret.csv')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM read_text('/proc/self/environ')", "SELECT * FROM '/proc/self/cmdline'", "SELECT * FROM '../../../../etc/hostname'", "SELECT * FROM 'https://example.com/x.csv'",
  "SELECT * FROM read_csv('https://example.com/x.csv')", "SELECT * FROM 's3://bucket/x.parquet'", "DESCRIBE SELECT * FROM '{outside}/secret.csv'", "SUMMARIZE '{outside}/secret.csv'", "DESCRIBE '{outside}/secret.csv'", "EXPLAIN SELECT * FROM '{outside}/secret.csv'",
  "WITH s AS (SELECT * FROM read_text('{outside}/secret.csv')) SELECT * FROM s", "SELECT (SELECT content FROM read_text('{outside}/secret.csv'))", "SELECT * FROM flows WHERE src_addr IN (SELECT content FROM read_text('{outside}/secret.csv'))", "SELECT * FROM flows, read_text('{outside}/secret.csv')",
  "SELECT * FROM events UNION ALL BY NAME SELECT * FROM '{outside}/secret.csv'", "SELECT /* */ * FROM /* */ read_text/* */('{outside}/secret.csv')", 'SELECT * FROM main.read_text(\'{outside}/secret.csv\')', 'SELECT * FROM system.main.read_text(\'{outside}/secret.csv\')', "PIVOT '{outside}/secret.csv' ON a USING count(*)",
  // Files of the store, past its views.
  "SELECT * FROM '{store}/manifest-1.log'", "SELECT * FROM read_text('{store}/manifest-1.log')", "SELECT * FROM glob('{store}/*')", "SELECT * FROM read_parquet('{store}/*.parquet')",
  // Writing.
  "COPY events TO '{outside}/stolen.csv'", "COPY (SELECT 1) TO '{outside}/stolen.csv'", "COPY (SELECT 1) TO '{store}/stolen.parquet'", "COPY events FROM '{outside}/secret.csv'", "EXPLAIN COPY (SELECT 1) TO '{outside}/stolen.csv'", "EXPLAIN ANALYZE COPY (SELECT 1) TO '{outside}/stolen.csv'",
  "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{outside}/stolen.csv'", "EXPLAIN EXPLAIN COPY (SELECT 1) TO '{outside}/stolen.csv'", "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1", "WITH x AS (DELETE FROM events RETURNING *) SELECT * FROM x",
  // SQL inside SQL.
  "SELECT * FROM query('SELECT 1')", "SELECT * FROM query('COPY (SELECT 1) TO ''{outside}/stolen.csv''')", "SELECT * FROM query_table('{outside}/secret.csv')", "SELECT json_execute_serialized_sql('{}')", "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", "PRAGMA json_execute_serialized_sql('{}')",
  // Wrong in itself.
  'SELECT nothing FROM flows', 'SELECT * FROM nowhere', 'SELECT no_such_function(1)', "SELECT CAST('x' AS INTEGER)", "SELECT error('mine')", 'SELECT bytes + src_addr FROM flows', 'SELECT count(*) FROM flows GROUP BY 99', 'SELECT sum(id) FROM events', 'SELECT 1 / (SELECT 1, 2)',
  "SELECT regexp_matches('a', '(')", 'SELECT * FROM flows ORDER BY nothing', 'SELECT DISTINCT ON FROM flows', 'SELECT * FROM range(', "SELECT '2024-13-45'::TIMESTAMP", 'SELECT 99999999999999999999999999999999999999999::INTEGER', 'WITH a AS (SELECT * FROM a) SELECT * FROM a',
  'SELECT $1', 'SELECT ?', 'SELECT :name',
]
