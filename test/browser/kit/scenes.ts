// Every view of every page: full, empty, loading and failed; for pictures and for rules that apply to all.
import type { Page } from 'playwright-core'

/**
 * `full`: a minute of shop traffic; `fresh`: no data yet; `bare`: no store; `closed`: sign-in; `cluster`: a day of
 * a cluster.
 */
export type Place = 'full' | 'fresh' | 'bare' | 'closed' | 'cluster'

export interface Fail {
  readonly at: RegExp
  readonly method?: 'POST'
  /** 0: no response. */
  readonly status: 0 | 429 | 500
  readonly detail?: string
}

export interface Scene {
  readonly name: string
  readonly page: string
  readonly description: string
  readonly on?: Place
  readonly as?: 'admin' | 'viewer' | 'shop'
  /** `{span}`: time range of the shop's flows; `{later}`: its second half. */
  readonly path: string
  readonly busy?: true
  readonly hold?: RegExp
  readonly fail?: Fail
  readonly state?: 'empty' | 'loading' | 'error'
  readonly act: (page: Page) => Promise<void>
}

const row = (page: Page): Promise<void> => page.locator('.grid-body [role="row"]').first().waitFor()
const is =
  (state: 'empty' | 'loading' | 'error') =>
  (page: Page): Promise<void> =>
    page.locator(`[data-state="${state}"]`).first().waitFor()
const text =
  (wanted: string | RegExp) =>
  (page: Page): Promise<void> =>
    page.getByText(wanted).first().waitFor()
const after =
  (...acts: readonly ((page: Page) => Promise<unknown>)[]) =>
  async (page: Page): Promise<void> => {
    for (const act of acts) await act(page)
  }
const press =
  (name: string | RegExp) =>
  (page: Page): Promise<void> =>
    page.getByRole('button', { name }).first().click()
const openRow =
  (nth: number) =>
  async (page: Page): Promise<void> => {
    await page.locator('.grid-body [role="row"]').nth(nth).locator('[role="gridcell"]').nth(1).click()
    await page.locator('aside.drawer').waitFor()
  }

const stored = '/flows?v=1&live=0&t={span}'
const overview = `${stored}&view=overview`
const topology = `${stored}&view=topology`
const sql = (statement: string, more = ''): string => `/sql?v=1${more}&q=${encodeURIComponent(statement)}`
const questions = /^\/api\/v1\/(?:flows|series|topology|stats)$/
const operating = /^\/api\/v1\/(?:pipeline|ledger|exporters)/

const graph = async (page: Page): Promise<void> => {
  await page.locator('.graph-place[data-nodes]').waitFor()
  await page.locator('.graph-place').focus()
  await page.keyboard.press('Home')
  await page.locator('.graph-place[data-at]').waitFor()
}

const flows: readonly Scene[] = [
  { name: 'flows-live', page: 'Flows', description: 'Rows as they arrive.', busy: true, path: '/flows', act: row },
  {
    name: 'flows-live-paused',
    page: 'Flows',
    description: 'The live table, paused.',
    busy: true,
    path: '/flows',
    act: after(row, press('Pause')),
  },
  {
    name: 'flows-live-empty',
    page: 'Flows',
    description: 'No data yet: how to connect an exporter.',
    on: 'fresh',
    path: '/flows',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-live-no-match',
    page: 'Flows',
    description: 'Nothing in the live memory matches.',
    path: '/flows?v=1&q=bytes+%3E+10GiB',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-live-refused',
    page: 'Flows',
    description: 'A link with an invalid filter.',
    path: '/flows?v=1&q=dst_prt+%3D+443',
    state: 'error',
    act: after(is('error'), (page) => page.locator('.filter-error').waitFor()),
  },
  {
    name: 'flows-table',
    page: 'Flows',
    description: 'Stored flows with their volume over time.',
    path: stored,
    act: after(row, (page) => page.locator('.volume canvas').first().waitFor({ state: 'attached' })),
  },
  {
    name: 'flows-table-record',
    page: 'Flows',
    description: 'One record, with all of its fields.',
    path: stored,
    act: after(row, openRow(3)),
  },
  {
    name: 'flows-table-groups',
    page: 'Flows',
    description: 'Groups of flows with their sums, others and total.',
    path: `${stored}&group=src_name,dst_port`,
    act: row,
  },
  {
    name: 'flows-table-completion',
    page: 'Flows',
    description: 'The filter completes names and values.',
    path: stored,
    act: after(
      row,
      (page) => page.getByRole('combobox', { name: 'Filter' }).pressSequentially('dst_p'),
      (page) => page.getByRole('option').first().waitFor(),
    ),
  },
  {
    name: 'flows-table-filter-error',
    page: 'Flows',
    description: 'A filter that is wrong: where, and the answer before stays.',
    path: stored,
    act: after(
      row,
      (page) => page.getByRole('combobox', { name: 'Filter' }).fill('dst_port = and bytes'),
      (page) => page.keyboard.press('Escape'),
      (page) => page.keyboard.press('Enter'),
      (page) => page.locator('.filter-error').waitFor(),
    ),
  },
  {
    name: 'flows-table-unread',
    page: 'Flows',
    description: 'A link with parts that this console does not know.',
    path: `${stored}&cols=src,dst,nothing&color=red`,
    act: after(row, text('This page has no parameter')),
  },
  {
    name: 'flows-table-loading',
    page: 'Flows',
    description: 'The query is running.',
    path: stored,
    hold: questions,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'flows-table-empty',
    page: 'Flows',
    description: 'No stored flow matches.',
    path: `${stored}&q=bytes+%3E+10GiB`,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-table-empty-span',
    page: 'Flows',
    description: 'Nothing was received in the span.',
    on: 'fresh',
    path: stored,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-table-error',
    page: 'Flows',
    description: 'The server failed.',
    path: stored,
    fail: { at: questions, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-table-limit',
    page: 'Flows',
    description: 'Too many questions wait already.',
    path: stored,
    fail: { at: questions, status: 429 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-table-unreachable',
    page: 'Flows',
    description: 'The server does not respond.',
    path: stored,
    fail: { at: questions, status: 0 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-table-ring',
    page: 'Flows',
    description: 'Without a store: the live memory and its time range.',
    on: 'bare',
    path: stored,
    act: row,
  },
  {
    name: 'flows-table-limited',
    page: 'Flows',
    description: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: stored,
    act: after(row, text('shop-team')),
  },
  {
    name: 'flows-overview',
    page: 'Flows: overview',
    description: 'Rates, top groups, source to destination.',
    path: `${overview.replace('{span}', '{later}')}&before=span`,
    act: after(
      (page) => page.getByRole('region', { name: 'Exporters' }).locator('.shares').waitFor(),
      (page) => page.locator('.chart canvas').first().waitFor({ state: 'attached' }),
    ),
  },
  {
    name: 'flows-overview-focus',
    page: 'Flows: overview',
    description: 'One panel large, the others as a strip.',
    path: overview,
    act: after((page) => page.locator('.sankey svg').waitFor(), press('Source to destination, enlarged')),
  },
  {
    name: 'flows-overview-loading',
    page: 'Flows: overview',
    description: 'Panels on their way.',
    path: overview,
    hold: questions,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'flows-overview-empty',
    page: 'Flows: overview',
    description: 'No matching flows.',
    path: `${overview}&q=bytes+%3E+10GiB`,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-overview-error',
    page: 'Flows: overview',
    description: 'The server failed.',
    path: overview,
    fail: { at: questions, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-overview-live',
    page: 'Flows: overview',
    description: 'Live, by the stream.',
    busy: true,
    path: '/flows?v=1&view=overview',
    act: (page) => page.locator('.chart canvas').first().waitFor({ state: 'attached' }),
  },
  {
    name: 'flows-topology',
    page: 'Flows: topology',
    description: 'Exchanges between nodes; one is selected.',
    path: topology,
    act: graph,
  },
  {
    name: 'flows-topology-list',
    page: 'Flows: topology',
    description: 'The same as a list.',
    path: `${topology}&list=1`,
    act: row,
  },
  {
    name: 'flows-topology-compared',
    page: 'Flows: topology',
    description: 'Two time ranges compared: new, removed and changed edges.',
    path: `${topology.replace('{span}', '{later}')}&diff=span`,
    act: (page) => page.getByRole('list', { name: 'Changes' }).waitFor(),
  },
  {
    name: 'flows-topology-loading',
    page: 'Flows: topology',
    description: 'The graph is on its way.',
    path: topology,
    hold: questions,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'flows-topology-empty',
    page: 'Flows: topology',
    description: 'No matching flows.',
    path: `${topology}&q=bytes+%3E+10GiB`,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-topology-error',
    page: 'Flows: topology',
    description: 'The server failed.',
    path: topology,
    fail: { at: questions, status: 500 },
    state: 'error',
    act: is('error'),
  },
]

const operate: readonly Scene[] = [
  {
    name: 'home',
    page: 'Home',
    description: 'Traffic, top talkers, changes, alerts and problems.',
    busy: true,
    path: '/home',
    act: after((page) => page.locator('.talkers tbody tr').first().waitFor(), text('Latest changes')),
  },
  {
    name: 'home-fresh',
    page: 'Home',
    description: 'No data yet: the commands to run.',
    on: 'fresh',
    path: '/home',
    act: after(text('No data received yet'), (page) => page.locator('.commands').waitFor()),
  },
  {
    name: 'home-loading',
    page: 'Home',
    description: 'On its way.',
    path: '/home',
    hold: operating,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'home-error',
    page: 'Home',
    description: 'The server failed.',
    path: '/home',
    fail: { at: operating, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'home-limited',
    page: 'Home',
    description: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: '/home',
    act: text('Latest changes'),
  },
  { name: 'events', page: 'Events', description: 'Newest events as they arrive.', path: '/events', act: row },
  {
    name: 'events-empty',
    page: 'Events',
    description: 'No events yet.',
    on: 'fresh',
    path: '/events',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'events-limited',
    page: 'Events',
    description: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: '/events',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'pipeline',
    page: 'Pipeline',
    description: 'Sources, journal and sinks, and where every row is.',
    busy: true,
    path: '/pipeline',
    act: row,
  },
  {
    name: 'pipeline-sink',
    page: 'Pipeline',
    description: 'All that is known of one sink.',
    busy: true,
    path: '/pipeline?v=1&sel=sink:partner',
    act: after((page) => page.locator('aside.drawer dl').first().waitFor()),
  },
  {
    name: 'pipeline-exporter',
    page: 'Pipeline',
    description: 'All that is known of one exporter.',
    busy: true,
    path: '/pipeline?v=1&sel=exporter:netflow/127.0.0.1',
    act: after((page) => page.locator('aside.drawer dl').first().waitFor()),
  },
  {
    name: 'pipeline-tables',
    page: 'Pipeline',
    description: 'The picture as tables.',
    busy: true,
    path: '/pipeline?v=1&view=table',
    act: row,
  },
  {
    name: 'pipeline-empty',
    page: 'Pipeline',
    description: 'No exporter has sent anything.',
    on: 'fresh',
    path: '/pipeline',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'pipeline-loading',
    page: 'Pipeline',
    description: 'On its way.',
    path: '/pipeline',
    hold: operating,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'pipeline-error',
    page: 'Pipeline',
    description: 'The server failed.',
    path: '/pipeline',
    fail: { at: operating, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'pipeline-limited',
    page: 'Pipeline',
    description: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: '/pipeline',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'dead-letters',
    page: 'Dead letters',
    description: 'What sinks refused; several are chosen.',
    path: '/dead-letters',
    act: after(row, press(/^Select all/)),
  },
  {
    name: 'dead-letters-one',
    page: 'Dead letters',
    description: 'One letter, with its event.',
    path: '/dead-letters',
    act: after(row, openRow(1)),
  },
  {
    name: 'dead-letters-edit',
    page: 'Dead letters',
    description: 'The event is edited.',
    path: '/dead-letters',
    act: after(row, openRow(1), press('Edit')),
  },
  {
    name: 'dead-letters-drop',
    page: 'Dead letters',
    description: 'Confirmation before letters are dropped.',
    path: '/dead-letters',
    act: after(row, press(/^Select all/), press(/^Drop/), (page) => page.locator('dialog[open]').waitFor()),
  },
  {
    name: 'dead-letters-empty',
    page: 'Dead letters',
    description: 'None.',
    on: 'fresh',
    path: '/dead-letters',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'dead-letters-none-of-sink',
    page: 'Dead letters',
    description: 'None of this sink.',
    path: '/dead-letters?v=1&sink=store',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'dead-letters-loading',
    page: 'Dead letters',
    description: 'On their way.',
    path: '/dead-letters',
    hold: /^\/api\/v1\/dead-letters$/,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'dead-letters-error',
    page: 'Dead letters',
    description: 'The server failed.',
    path: '/dead-letters',
    fail: { at: /^\/api\/v1\/dead-letters$/, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'dead-letters-viewer',
    page: 'Dead letters',
    description: 'A viewer can read but not act.',
    on: 'closed',
    as: 'viewer',
    path: '/dead-letters',
    state: 'empty',
    act: after(is('empty'), text('require the role admin')),
  },
  {
    name: 'dead-letters-limited',
    page: 'Dead letters',
    description: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: '/dead-letters',
    state: 'empty',
    act: is('empty'),
  },
]

const aboutChanges = /^\/api\/v1\/changes/
const aboutObjects = /^\/api\/v1\/resources/
const pod = '/resource/k8s:demo/core/Pod/shop/api-5c44-bx0'

const clusters: readonly Scene[] = [
  {
    name: 'changes',
    page: 'Changes',
    description: 'Changes over time and as rows, live.',
    on: 'cluster',
    path: '/changes',
    act: after(row, (page) => page.locator('.volume canvas').first().waitFor({ state: 'attached' })),
  },
  {
    name: 'changes-one',
    page: 'Changes',
    description: 'One change: diff and actor.',
    on: 'cluster',
    path: '/changes?v=1&live=0&kind=Deployment,NetworkPolicy&by=kind',
    act: after(row, openRow(2), (page) => page.locator('.diff').waitFor()),
  },
  {
    name: 'changes-secret',
    page: 'Changes',
    description: 'A secret changed: a digest stands for each value.',
    on: 'cluster',
    path: '/changes?v=1&live=0&kind=Secret',
    act: after(row, openRow(0), (page) => page.locator('.redacted').first().waitFor()),
  },
  {
    name: 'changes-noise',
    page: 'Changes',
    description: 'Noise is shown, with the rules that hide it.',
    on: 'cluster',
    path: '/changes?v=1&live=0&noise=1&by=namespace',
    act: row,
  },
  {
    name: 'changes-paused',
    page: 'Changes',
    description: 'Live, and paused.',
    on: 'cluster',
    path: '/changes',
    act: after(row, press('Pause')),
  },
  {
    name: 'changes-unread',
    page: 'Changes',
    description: 'A link with a part that this console does not know.',
    on: 'cluster',
    path: '/changes?v=1&live=0&by=color',
    act: after(row, text('is not a valid value')),
  },
  {
    name: 'changes-no-cluster',
    page: 'Changes',
    description: 'No cluster is watched: how to connect one.',
    on: 'fresh',
    path: '/changes',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-no-match',
    page: 'Changes',
    description: 'Nothing matches.',
    on: 'cluster',
    path: '/changes?v=1&q=nowhere',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-all-noise',
    page: 'Changes',
    description: 'All changes are noise.',
    on: 'cluster',
    path: '/changes?v=1&kind=Node',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-no-store',
    page: 'Changes',
    description: 'There is no store.',
    on: 'bare',
    path: '/changes',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-limited',
    page: 'Changes',
    description: 'A viewer of one namespace, in which nothing was changed.',
    on: 'closed',
    as: 'shop',
    path: '/changes',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-loading',
    page: 'Changes',
    description: 'On their way.',
    on: 'cluster',
    path: '/changes',
    hold: aboutChanges,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'changes-error',
    page: 'Changes',
    description: 'The server failed.',
    on: 'cluster',
    path: '/changes',
    fail: { at: aboutChanges, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'resources',
    page: 'Resources',
    description: 'Every object that there is.',
    on: 'cluster',
    path: '/resources',
    act: row,
  },
  {
    name: 'resources-no-match',
    page: 'Resources',
    description: 'None is found.',
    on: 'cluster',
    path: '/resources?v=1&q=nowhere',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'resources-empty',
    page: 'Resources',
    description: 'None is known.',
    on: 'fresh',
    path: '/resources',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'resources-error',
    page: 'Resources',
    description: 'The server failed.',
    on: 'cluster',
    path: '/resources',
    fail: { at: aboutObjects, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'resource-pod',
    page: 'Resource',
    description: 'A pod: state, owners, history and traffic.',
    on: 'cluster',
    path: pod,
    act: after(text('Owner chain'), text('Unhealthy')),
  },
  {
    name: 'resource-deployment',
    page: 'Resource',
    description: 'A deployment, with one of its changes open.',
    on: 'cluster',
    path: '/resource/k8s:demo/apps/Deployment/shop/api',
    act: after(
      text('Owner chain'),
      (page) =>
        page
          .getByRole('button', { name: /before and after$/ })
          .first()
          .click(),
      (page) => page.locator('.diff').waitFor(),
    ),
  },
  {
    name: 'resource-gone',
    page: 'Resource',
    description: 'A deleted object and the actor of the deletion.',
    on: 'cluster',
    path: '/resource/k8s:demo/apps/Deployment/shop/old-job',
    act: text('by carol'),
  },
  {
    name: 'resource-unknown',
    page: 'Resource',
    description: 'The object is not found.',
    on: 'cluster',
    path: '/resource/k8s:demo/core/Pod/shop/nobody',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'resource-loading',
    page: 'Resource',
    description: 'On its way.',
    on: 'cluster',
    path: pod,
    hold: aboutObjects,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'resource-error',
    page: 'Resource',
    description: 'The server failed.',
    on: 'cluster',
    path: pod,
    fail: { at: aboutObjects, status: 500 },
    state: 'error',
    act: is('error'),
  },
]

const aboutTraces = /^\/api\/v1\/audit/
const picture = (page: Page): Promise<void> => page.locator('.audit-graph li').first().waitFor()
const listed = (page: Page): Promise<void> => page.locator('.audit-part tbody tr').first().waitFor()

const traces: readonly Scene[] = [
  {
    name: 'audit',
    page: 'Audit',
    description: 'Audit events over time and as rows, live.',
    on: 'cluster',
    path: '/audit',
    act: after(row, (page) => page.locator('.volume canvas').first().waitFor({ state: 'attached' })),
  },
  {
    name: 'audit-one',
    page: 'Audit',
    description: 'One audit event with all fields.',
    on: 'cluster',
    path: '/audit?v=1&live=0&severity=incident',
    act: after(row, openRow(0), (page) => page.locator('pre.raw').waitFor()),
  },
  {
    name: 'audit-graph',
    page: 'Audit',
    description: 'From the actor to the region.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=graph',
    act: picture,
  },
  {
    name: 'audit-node',
    page: 'Audit',
    description: 'A node of the graph with its neighbours.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=graph&node=tenant:project0',
    act: after(picture, (page) => page.locator('.neighbours li').first().waitFor()),
  },
  {
    name: 'audit-table',
    page: 'Audit',
    description: 'The picture as a table.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=graph&table=1',
    act: listed,
  },
  {
    name: 'audit-first-seen',
    page: 'Audit',
    description: 'First occurrences of actor and action.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=first-seen',
    act: listed,
  },
  {
    name: 'audit-logins',
    page: 'Audit',
    description: 'Failed logins: none.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=logins',
    act: text('No failed login'),
  },
  {
    name: 'audit-none',
    page: 'Audit',
    description: 'Nothing collects audit events: how to connect a cloud.',
    on: 'fresh',
    path: '/audit',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'audit-no-match',
    page: 'Audit',
    description: 'Nothing matches.',
    on: 'cluster',
    path: '/audit?v=1&q=nowhere',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'audit-no-store',
    page: 'Audit',
    description: 'There is no store.',
    on: 'bare',
    path: '/audit',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'audit-limited',
    page: 'Audit',
    description: 'A viewer of one namespace, to which nothing was done.',
    on: 'closed',
    as: 'shop',
    path: '/audit',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'audit-loading',
    page: 'Audit',
    description: 'On their way.',
    on: 'cluster',
    path: '/audit',
    hold: aboutTraces,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'audit-error',
    page: 'Audit',
    description: 'The server failed.',
    on: 'cluster',
    path: '/audit',
    fail: { at: aboutTraces, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'actor',
    page: 'Actor',
    description: 'Everything that an actor did.',
    on: 'cluster',
    path: '/actor?v=1&of=user:d0123456789abcdef/u0',
    act: after(row, text('By service')),
  },
  {
    name: 'actor-none',
    page: 'Actor',
    description: 'No actor is selected.',
    on: 'cluster',
    path: '/actor',
    state: 'empty',
    act: is('empty'),
  },
]

const rest: readonly Scene[] = [
  {
    name: 'sql-start',
    page: 'SQL',
    description: 'Before the first statement.',
    path: '/sql',
    state: 'empty',
    act: text('every flow'),
  },
  {
    name: 'sql',
    page: 'SQL',
    description: 'A result.',
    path: sql(
      'SELECT src_name, dst_name, dst_port, sum(bytes_est) AS bytes, count(*) AS flows\nFROM flows\n' +
        'GROUP BY ALL\nORDER BY bytes DESC',
    ),
    act: after(row, press('Run'), text(/^[\d,]+ rows in /)),
  },
  {
    name: 'sql-chart',
    page: 'SQL',
    description: 'A result over time, drawn.',
    path: sql(
      'SELECT time_bucket(INTERVAL 1 second, time_received) AS time,\n' +
        "  CASE proto WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' ELSE 'other' END AS protocol,\n" +
        '  sum(bytes_est) AS bytes\nFROM flows\nGROUP BY ALL\nORDER BY time',
      '&view=chart&schema=0',
    ),
    act: (page) => page.locator('.results-chart canvas').waitFor(),
  },
  {
    name: 'sql-empty',
    page: 'SQL',
    description: 'No row answers it.',
    path: sql('SELECT src_name, bytes FROM flows WHERE bytes > 1e15'),
    state: 'empty',
    act: text('No rows'),
  },
  {
    name: 'sql-loading',
    page: 'SQL',
    description: 'It runs, and can be cancelled.',
    path: sql('SELECT count(*) AS n FROM flows'),
    hold: /\/v1\/sql$/,
    act: text('Running'),
  },
  {
    name: 'sql-error',
    page: 'SQL',
    description: 'A statement that is wrong: where.',
    path: sql('SELECT count(*) AS n\nFROM flows WHERE bites > 1'),
    act: (page) => page.locator('.sql-error').waitFor(),
  },
  {
    name: 'sql-unreachable',
    page: 'SQL',
    description: 'The server does not respond.',
    path: sql('SELECT count(*) AS n FROM flows'),
    fail: { at: /\/v1\/sql$/, status: 0 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'sql-no-store',
    page: 'SQL',
    description: 'There is no store to query.',
    on: 'bare',
    path: sql('SELECT count(*) AS n FROM flows'),
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'sql-viewer',
    page: 'SQL',
    description: 'For admins.',
    on: 'closed',
    as: 'viewer',
    path: '/sql',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'settings',
    page: 'Settings',
    description: 'Browser settings and account.',
    path: '/settings',
    act: text('admin: full access'),
  },
  {
    name: 'settings-limited',
    page: 'Settings',
    description: 'A viewer of one namespace, with sign-out.',
    on: 'closed',
    as: 'shop',
    path: '/settings',
    act: after(text('With a token'), text('Sign out')),
  },
  {
    name: 'settings-error',
    page: 'Settings',
    description: 'The server failed.',
    path: '/settings',
    fail: { at: /\/(?:me|health)$/, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'login',
    page: 'Login',
    description: 'By token or with a provider.',
    on: 'closed',
    path: '/flows',
    act: (page) => page.getByLabel('Token').waitFor(),
  },
  {
    name: 'login-wrong',
    page: 'Login',
    description: 'The token is not known.',
    on: 'closed',
    path: '/flows',
    act: after(
      (page) => page.getByLabel('Token').fill('wrong'),
      (page) => page.keyboard.press('Enter'),
      text('is unknown'),
    ),
  },
  {
    name: 'login-limit',
    page: 'Login',
    description: 'Too many were tried.',
    on: 'closed',
    path: '/flows',
    fail: {
      at: /\/v1\/login$/,
      method: 'POST',
      status: 429,
      detail: 'Too many unknown tokens were tried: try again in 6 s.',
    },
    act: after(
      (page) => page.getByLabel('Token').fill('wrong'),
      (page) => page.keyboard.press('Enter'),
      text('try again in'),
    ),
  },
  {
    name: 'login-unreachable',
    page: 'Login',
    description: 'The sign-in options cannot be loaded.',
    on: 'closed',
    path: '/flows',
    fail: { at: /\/v1\/login$/, status: 0 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'login-provider-away',
    page: 'Login',
    description: 'The identity provider does not respond.',
    on: 'closed',
    path: '/flows',
    act: after(
      (page) => page.getByRole('link', { name: 'Sign in with your identity provider' }).click(),
      text('The identity provider did not respond'),
    ),
  },
  {
    name: 'palette',
    page: 'Everywhere',
    description: 'Pages and commands, by name.',
    path: stored,
    act: after(
      row,
      (page) => page.keyboard.press('Control+k'),
      (page) => page.getByRole('option').first().waitFor(),
    ),
  },
  {
    name: 'keys',
    page: 'Everywhere',
    description: 'Every key of the page.',
    path: stored,
    act: after(
      row,
      (page) => page.locator('main').press('?'),
      (page) => page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor(),
    ),
  },
  {
    name: 'saved-views',
    page: 'Everywhere',
    description: 'Saved views.',
    path: stored,
    act: after(row, press('Saved views'), (page) => page.getByRole('dialog', { name: 'Saved views' }).waitFor()),
  },
  {
    name: 'nowhere',
    page: 'Everywhere',
    description: 'An address that no page has.',
    path: '/nowhere',
    state: 'empty',
    act: is('empty'),
  },
]

export const scenes: readonly Scene[] = [
  ...rest.filter(({ page }) => page === 'Login'),
  ...operate.filter(({ page }) => page === 'Home'),
  ...flows,
  ...clusters,
  ...traces,
  ...operate.filter(({ page }) => page !== 'Home'),
  ...rest.filter(({ page }) => page !== 'Login'),
]

export function menusOf(page: Page): Promise<string[]> {
  return page
    .locator('main [aria-haspopup]:visible')
    .evaluateAll((buttons) =>
      buttons.map((button) => (button.getAttribute('aria-label') ?? button.textContent ?? '').trim()),
    )
}
