export const sqlText = {
  endedEarly: 'The response ended early: the query or the connection failed.',
  endedEarlyHint: 'Run it again. If it fails again, request fewer rows.',
  inTheStatement: 'In the statement',
  runIt: 'run it',
  sqlStatement: 'SQL statement',
  errorAt: (line: number, column: number) => `Line ${line}, column ${column}`,
  sql: 'SQL',
  forbidden: 'SQL requires the role admin',
  adminOnly: (name: string, role: string) =>
    `A statement can read every row of every namespace. ${name} has the role ${role}. ` +
    'Filters, tables and exports on the page Flows answer most questions. Roles are defined in',
  auth: 'auth',
  inConfiguration: 'in the configuration.',
  topSenders: 'Top senders',
  bytesPerMinute: 'Bytes per minute and protocol',
  newestEvents: 'Newest events',
  openExample: (title: string) => `SQL: ${title}`,
  history: 'History',
  run: 'Run',
  editorHint:
    'Ctrl-Enter runs the statement. It must be a single read-only statement. Views: flows, events, changes, ' +
    'audit, resources, relations, images, packages, problems, facts, and totals flows_1m, flows_5m, flows_1h.',
  runningRows: (rows: string) => `Running … ${rows}`,
  rowsSoFar: (rows: string) => `${rows} rows so far`,
  cancelled: 'Cancelled, also on the server.',
  noStore: 'There is no store to query',
  showLiveFlows: 'Show live flows',
  noStoreHint: 'SQL queries stored data, but this Weir has no store because',
  storeEnabled: 'store.enabled',
  noStoreSetting: 'is false in its configuration.',
  runAStatement: 'Run a statement',
  startHint: 'No statement has run yet. Start with an example or write your own.',
  viewsAndColumns: 'Views and columns',
  historyHint: 'Your statements appear here, in this browser only.',
  nothingDrawn: 'There are no rows to draw.',
  needsTimeColumn: "A chart needs a time column, for example date_trunc('minute', time_received) AS time.",
  needsNumberColumn: 'A chart needs a numeric column besides the time.',
  nullValue: 'null',
  result: 'Result',
  rowsIn: (rows: string, ms: string, stale: string) => `${rows} in ${ms}${stale}`,
  firstRows: (rows: string) => `first ${rows} rows; the export has all`,
  previousStatement: ' · of the previous statement',
  chart: 'Chart',
  nothingToDraw: 'Nothing to draw',
  showTheTable: 'Show the table',
  drawnBy: (by: string) => `by ${by}`,
  noRows: 'No rows',
  editTheStatement: 'Edit the statement',
  noRowMatches: (columns: string) => `The statement ran successfully, but no stored row matches.${columns}`,
  columnNames: (columns: string) => ` Its columns would be ${columns}.`,
  loadedRowsSorted: 'Only loaded rows are sorted; use ORDER BY to sort all.',
  preparingRows: 'Preparing rows …',
  csvShownRows: (rows: string) => `CSV, ${rows} as shown`,
  csvAllRows: 'CSV, all rows, raw values',
  ndjsonAllRows: 'NDJSON, all rows',
  exportHint: 'All rows: runs the statement again and saves every row.',
  everyFlow: 'every flow',
  everyEvent: 'every event',
  changesView: 'changes of Kubernetes objects',
  auditView: 'actions in clouds and clusters',
  resourcesView: 'states of Kubernetes objects with their validity',
  relationsView: 'relations with their validity',
  connectionsView: 'bytes between workloads per hour',
  inventoryView: 'resources of clouds over time',
  imagesView: 'images with a report, and where they run',
  packagesView: 'packages of images',
  problemsView: 'problems of images',
  factsView: 'facts of images and environments',
  minuteTotals: 'totals per minute',
  fiveMinuteTotals: 'totals per five minutes',
  hourTotals: 'totals per hour',
  findAColumn: 'Find a column',
  insertTheName: 'insert the name',
  recentStatements: 'Recent statements',
  exportAllRows: 'Export all rows',
  placeholder: 'SELECT src_name, sum(bytes_est) AS bytes FROM flows GROUP BY ALL ORDER BY bytes DESC LIMIT 20',
}

/** In the dialects of both stores. */
export const sqlExamples: readonly (readonly [title: string, sql: string])[] = [
  [
    sqlText.topSenders,
    `SELECT src_name, src_addr, sum(bytes_est) AS bytes, count(*) AS flows
FROM flows
GROUP BY ALL
ORDER BY bytes DESC
LIMIT 20`,
  ],
  [
    sqlText.bytesPerMinute,
    `SELECT date_trunc('minute', time_received) AS time,
  CASE proto WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' ELSE 'other' END AS protocol,
  sum(bytes_est) AS bytes
FROM flows
WHERE time_received > now() - INTERVAL 1 hour
GROUP BY ALL
ORDER BY time`,
  ],
  [
    sqlText.newestEvents,
    `SELECT time_received, type, source, subject
FROM events
ORDER BY time_received DESC
LIMIT 50`,
  ],
]
