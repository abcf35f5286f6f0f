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
  readonly says: string
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
  { name: 'flows-live', page: 'Flows', says: 'Rows as they arrive.', busy: true, path: '/flows', act: row },
  {
    name: 'flows-live-paused',
    page: 'Flows',
    says: 'The live table, paused.',
    busy: true,
    path: '/flows',
    act: after(row, press('Pause')),
  },
  {
    name: 'flows-live-empty',
    page: 'Flows',
    says: 'No data yet: how to connect an exporter.',
    on: 'fresh',
    path: '/flows',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-live-no-match',
    page: 'Flows',
    says: 'Nothing in the live memory matches.',
    path: '/flows?v=1&q=bytes+%3E+10GiB',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-live-refused',
    page: 'Flows',
    says: 'A link with an invalid filter.',
    path: '/flows?v=1&q=dst_prt+%3D+443',
    state: 'error',
    act: after(is('error'), (page) => page.locator('.filter-error').waitFor()),
  },
  {
    name: 'flows-table',
    page: 'Flows',
    says: 'Stored flows with their volume over time.',
    path: stored,
    act: after(row, (page) => page.locator('.volume canvas').first().waitFor({ state: 'attached' })),
  },
  {
    name: 'flows-table-record',
    page: 'Flows',
    says: 'One record, with all of its fields.',
    path: stored,
    act: after(row, openRow(3)),
  },
  {
    name: 'flows-table-groups',
    page: 'Flows',
    says: 'Groups of flows with their sums, others and total.',
    path: `${stored}&group=src_name,dst_port`,
    act: row,
  },
  {
    name: 'flows-table-completion',
    page: 'Flows',
    says: 'The filter completes names and values.',
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
    says: 'A filter that is wrong: where, and the answer before stays.',
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
    says: 'A link with parts that this console does not know.',
    path: `${stored}&cols=src,dst,nothing&color=red`,
    act: after(row, text('This page has no parameter')),
  },
  {
    name: 'flows-table-loading',
    page: 'Flows',
    says: 'The query is running.',
    path: stored,
    hold: questions,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'flows-table-empty',
    page: 'Flows',
    says: 'No stored flow matches.',
    path: `${stored}&q=bytes+%3E+10GiB`,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-table-empty-span',
    page: 'Flows',
    says: 'Nothing was received in the span.',
    on: 'fresh',
    path: stored,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-table-error',
    page: 'Flows',
    says: 'The server failed.',
    path: stored,
    fail: { at: questions, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-table-limit',
    page: 'Flows',
    says: 'Too many questions wait already.',
    path: stored,
    fail: { at: questions, status: 429 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-table-unreachable',
    page: 'Flows',
    says: 'The server does not respond.',
    path: stored,
    fail: { at: questions, status: 0 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-table-ring',
    page: 'Flows',
    says: 'Without a store: the live memory and its time range.',
    on: 'bare',
    path: stored,
    act: row,
  },
  {
    name: 'flows-table-limited',
    page: 'Flows',
    says: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: stored,
    act: after(row, text('shop-team')),
  },
  {
    name: 'flows-overview',
    page: 'Flows: overview',
    says: 'Rates, top groups, source to destination.',
    path: `${overview.replace('{span}', '{later}')}&before=span`,
    act: after(
      (page) => page.getByRole('region', { name: 'Exporters' }).locator('.shares').waitFor(),
      (page) => page.locator('.chart canvas').first().waitFor({ state: 'attached' }),
    ),
  },
  {
    name: 'flows-overview-focus',
    page: 'Flows: overview',
    says: 'One panel large, the others as a strip.',
    path: overview,
    act: after((page) => page.locator('.sankey svg').waitFor(), press('Source to destination, enlarged')),
  },
  {
    name: 'flows-overview-loading',
    page: 'Flows: overview',
    says: 'Panels on their way.',
    path: overview,
    hold: questions,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'flows-overview-empty',
    page: 'Flows: overview',
    says: 'No matching flows.',
    path: `${overview}&q=bytes+%3E+10GiB`,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-overview-error',
    page: 'Flows: overview',
    says: 'The server failed.',
    path: overview,
    fail: { at: questions, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'flows-overview-live',
    page: 'Flows: overview',
    says: 'Live, by the stream.',
    busy: true,
    path: '/flows?v=1&view=overview',
    act: (page) => page.locator('.chart canvas').first().waitFor({ state: 'attached' }),
  },
  {
    name: 'flows-topology',
    page: 'Flows: topology',
    says: 'Exchanges between nodes; one is selected.',
    path: topology,
    act: graph,
  },
  {
    name: 'flows-topology-list',
    page: 'Flows: topology',
    says: 'The same as a list.',
    path: `${topology}&list=1`,
    act: row,
  },
  {
    name: 'flows-topology-compared',
    page: 'Flows: topology',
    says: 'Two time ranges compared: new, removed and changed edges.',
    path: `${topology.replace('{span}', '{later}')}&diff=span`,
    act: (page) => page.getByRole('list', { name: 'Changes' }).waitFor(),
  },
  {
    name: 'flows-topology-loading',
    page: 'Flows: topology',
    says: 'The graph is on its way.',
    path: topology,
    hold: questions,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'flows-topology-empty',
    page: 'Flows: topology',
    says: 'No matching flows.',
    path: `${topology}&q=bytes+%3E+10GiB`,
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'flows-topology-error',
    page: 'Flows: topology',
    says: 'The server failed.',
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
    says: 'Connections, and how to add more.',
    busy: true,
    path: '/home',
    act: after(
      (page) => page.locator('.newest li').first().waitFor(),
      (page) => page.locator('.commands').waitFor(),
    ),
  },
  {
    name: 'home-fresh',
    page: 'Home',
    says: 'No data yet: the commands to run.',
    on: 'fresh',
    path: '/home',
    act: after(text('No data received yet'), (page) => page.locator('.commands').waitFor()),
  },
  {
    name: 'home-loading',
    page: 'Home',
    says: 'On its way.',
    path: '/home',
    hold: operating,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'home-error',
    page: 'Home',
    says: 'The server failed.',
    path: '/home',
    fail: { at: operating, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'home-limited',
    page: 'Home',
    says: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: '/home',
    state: 'empty',
    act: is('empty'),
  },
  { name: 'events', page: 'Events', says: 'Newest events as they arrive.', path: '/events', act: row },
  {
    name: 'events-empty',
    page: 'Events',
    says: 'No events yet.',
    on: 'fresh',
    path: '/events',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'events-limited',
    page: 'Events',
    says: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: '/events',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'pipeline',
    page: 'Pipeline',
    says: 'Sources, journal and sinks, and where every row is.',
    busy: true,
    path: '/pipeline',
    act: row,
  },
  {
    name: 'pipeline-sink',
    page: 'Pipeline',
    says: 'All that is known of one sink.',
    busy: true,
    path: '/pipeline?v=1&sel=sink:partner',
    act: after((page) => page.locator('aside.drawer dl').first().waitFor()),
  },
  {
    name: 'pipeline-exporter',
    page: 'Pipeline',
    says: 'All that is known of one exporter.',
    busy: true,
    path: '/pipeline?v=1&sel=exporter:netflow/127.0.0.1',
    act: after((page) => page.locator('aside.drawer dl').first().waitFor()),
  },
  {
    name: 'pipeline-tables',
    page: 'Pipeline',
    says: 'The picture as tables.',
    busy: true,
    path: '/pipeline?v=1&view=table',
    act: row,
  },
  {
    name: 'pipeline-empty',
    page: 'Pipeline',
    says: 'No exporter has sent anything.',
    on: 'fresh',
    path: '/pipeline',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'pipeline-loading',
    page: 'Pipeline',
    says: 'On its way.',
    path: '/pipeline',
    hold: operating,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'pipeline-error',
    page: 'Pipeline',
    says: 'The server failed.',
    path: '/pipeline',
    fail: { at: operating, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'pipeline-limited',
    page: 'Pipeline',
    says: 'A viewer of one namespace.',
    on: 'closed',
    as: 'shop',
    path: '/pipeline',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'dead-letters',
    page: 'Dead letters',
    says: 'What sinks refused; several are chosen.',
    path: '/dead-letters',
    act: after(row, press(/^Select all/)),
  },
  {
    name: 'dead-letters-one',
    page: 'Dead letters',
    says: 'One letter, with its event.',
    path: '/dead-letters',
    act: after(row, openRow(1)),
  },
  {
    name: 'dead-letters-edit',
    page: 'Dead letters',
    says: 'The event is edited.',
    path: '/dead-letters',
    act: after(row, openRow(1), press('Edit')),
  },
  {
    name: 'dead-letters-drop',
    page: 'Dead letters',
    says: 'Confirmation before letters are dropped.',
    path: '/dead-letters',
    act: after(row, press(/^Select all/), press(/^Drop/), (page) => page.locator('dialog[open]').waitFor()),
  },
  {
    name: 'dead-letters-empty',
    page: 'Dead letters',
    says: 'None.',
    on: 'fresh',
    path: '/dead-letters',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'dead-letters-none-of-sink',
    page: 'Dead letters',
    says: 'None of this sink.',
    path: '/dead-letters?v=1&sink=store',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'dead-letters-loading',
    page: 'Dead letters',
    says: 'On their way.',
    path: '/dead-letters',
    hold: /^\/api\/v1\/dead-letters$/,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'dead-letters-error',
    page: 'Dead letters',
    says: 'The server failed.',
    path: '/dead-letters',
    fail: { at: /^\/api\/v1\/dead-letters$/, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'dead-letters-viewer',
    page: 'Dead letters',
    says: 'A viewer can read but not act.',
    on: 'closed',
    as: 'viewer',
    path: '/dead-letters',
    state: 'empty',
    act: after(is('empty'), text('require the role admin')),
  },
  {
    name: 'dead-letters-limited',
    page: 'Dead letters',
    says: 'A viewer of one namespace.',
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
    says: 'Changes over time and as rows, live.',
    on: 'cluster',
    path: '/changes',
    act: after(row, (page) => page.locator('.volume canvas').first().waitFor({ state: 'attached' })),
  },
  {
    name: 'changes-one',
    page: 'Changes',
    says: 'One change: diff and actor.',
    on: 'cluster',
    path: '/changes?v=1&live=0&kind=Deployment,NetworkPolicy&by=kind',
    act: after(row, openRow(2), (page) => page.locator('.diff').waitFor()),
  },
  {
    name: 'changes-secret',
    page: 'Changes',
    says: 'A secret changed: a digest stands for each value.',
    on: 'cluster',
    path: '/changes?v=1&live=0&kind=Secret',
    act: after(row, openRow(0), (page) => page.locator('.redacted').first().waitFor()),
  },
  {
    name: 'changes-noise',
    page: 'Changes',
    says: 'Noise is shown, with the rules that hide it.',
    on: 'cluster',
    path: '/changes?v=1&live=0&noise=1&by=namespace',
    act: row,
  },
  {
    name: 'changes-paused',
    page: 'Changes',
    says: 'Live, and paused.',
    on: 'cluster',
    path: '/changes',
    act: after(row, press('Pause')),
  },
  {
    name: 'changes-unread',
    page: 'Changes',
    says: 'A link with a part that this console does not know.',
    on: 'cluster',
    path: '/changes?v=1&live=0&by=color',
    act: after(row, text('is not a valid value')),
  },
  {
    name: 'changes-no-cluster',
    page: 'Changes',
    says: 'No cluster is watched: how to connect one.',
    on: 'fresh',
    path: '/changes',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-no-match',
    page: 'Changes',
    says: 'Nothing matches.',
    on: 'cluster',
    path: '/changes?v=1&q=nowhere',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-all-noise',
    page: 'Changes',
    says: 'All changes are noise.',
    on: 'cluster',
    path: '/changes?v=1&kind=Node',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-no-store',
    page: 'Changes',
    says: 'There is no store.',
    on: 'bare',
    path: '/changes',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-limited',
    page: 'Changes',
    says: 'A viewer of one namespace, in which nothing was changed.',
    on: 'closed',
    as: 'shop',
    path: '/changes',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'changes-loading',
    page: 'Changes',
    says: 'On their way.',
    on: 'cluster',
    path: '/changes',
    hold: aboutChanges,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'changes-error',
    page: 'Changes',
    says: 'The server failed.',
    on: 'cluster',
    path: '/changes',
    fail: { at: aboutChanges, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'resources',
    page: 'Resources',
    says: 'Every object that there is.',
    on: 'cluster',
    path: '/resources',
    act: row,
  },
  {
    name: 'resources-no-match',
    page: 'Resources',
    says: 'None is found.',
    on: 'cluster',
    path: '/resources?v=1&q=nowhere',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'resources-empty',
    page: 'Resources',
    says: 'None is known.',
    on: 'fresh',
    path: '/resources',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'resources-error',
    page: 'Resources',
    says: 'The server failed.',
    on: 'cluster',
    path: '/resources',
    fail: { at: aboutObjects, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'resource-pod',
    page: 'Resource',
    says: 'A pod: state, owners, history and traffic.',
    on: 'cluster',
    path: pod,
    act: after(text('Owner chain'), text('Unhealthy')),
  },
  {
    name: 'resource-deployment',
    page: 'Resource',
    says: 'A deployment, with one of its changes open.',
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
    says: 'A deleted object and the actor of the deletion.',
    on: 'cluster',
    path: '/resource/k8s:demo/apps/Deployment/shop/old-job',
    act: text('by carol'),
  },
  {
    name: 'resource-unknown',
    page: 'Resource',
    says: 'The object is not found.',
    on: 'cluster',
    path: '/resource/k8s:demo/core/Pod/shop/nobody',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'resource-loading',
    page: 'Resource',
    says: 'On its way.',
    on: 'cluster',
    path: pod,
    hold: aboutObjects,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'resource-error',
    page: 'Resource',
    says: 'The server failed.',
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
    says: 'Audit events over time and as rows, live.',
    on: 'cluster',
    path: '/audit',
    act: after(row, (page) => page.locator('.volume canvas').first().waitFor({ state: 'attached' })),
  },
  {
    name: 'audit-one',
    page: 'Audit',
    says: 'One trace with all fields.',
    on: 'cluster',
    path: '/audit?v=1&live=0&severity=incident',
    act: after(row, openRow(0), (page) => page.locator('pre.raw').waitFor()),
  },
  {
    name: 'audit-graph',
    page: 'Audit',
    says: 'From the actor to the region.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=graph',
    act: picture,
  },
  {
    name: 'audit-node',
    page: 'Audit',
    says: 'A node of the graph with its neighbours.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=graph&node=tenant:project0',
    act: after(picture, (page) => page.locator('.neighbours li').first().waitFor()),
  },
  {
    name: 'audit-table',
    page: 'Audit',
    says: 'The picture as a table.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=graph&table=1',
    act: listed,
  },
  {
    name: 'audit-first-seen',
    page: 'Audit',
    says: 'First occurrences of actor and action.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=first-seen',
    act: listed,
  },
  {
    name: 'audit-logins',
    page: 'Audit',
    says: 'Failed logins: none.',
    on: 'cluster',
    path: '/audit?v=1&live=0&view=logins',
    act: text('No failed login'),
  },
  {
    name: 'audit-none',
    page: 'Audit',
    says: 'Nothing collects traces: how to connect a cloud.',
    on: 'fresh',
    path: '/audit',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'audit-no-match',
    page: 'Audit',
    says: 'Nothing matches.',
    on: 'cluster',
    path: '/audit?v=1&q=nowhere',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'audit-no-store',
    page: 'Audit',
    says: 'There is no store.',
    on: 'bare',
    path: '/audit',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'audit-limited',
    page: 'Audit',
    says: 'A viewer of one namespace, to which nothing was done.',
    on: 'closed',
    as: 'shop',
    path: '/audit',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'audit-loading',
    page: 'Audit',
    says: 'On their way.',
    on: 'cluster',
    path: '/audit',
    hold: aboutTraces,
    state: 'loading',
    act: is('loading'),
  },
  {
    name: 'audit-error',
    page: 'Audit',
    says: 'The server failed.',
    on: 'cluster',
    path: '/audit',
    fail: { at: aboutTraces, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'actor',
    page: 'Actor',
    says: 'Everything that an actor did.',
    on: 'cluster',
    path: '/actor?v=1&of=user:d0123456789abcdef/u0',
    act: after(row, text('By service')),
  },
  {
    name: 'actor-none',
    page: 'Actor',
    says: 'No actor is selected.',
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
    says: 'Before the first statement.',
    path: '/sql',
    state: 'empty',
    act: text('every flow'),
  },
  {
    name: 'sql',
    page: 'SQL',
    says: 'A result.',
    path: sql(
      'SELECT src_name, dst_name, dst_port, sum(bytes_est) AS bytes, count(*) AS flows\nFROM flows\n' +
        'GROUP BY ALL\nORDER BY bytes DESC',
    ),
    act: after(row, press('Run'), text(/^[\d,]+ rows in \d+ ms$/)),
  },
  {
    name: 'sql-chart',
    page: 'SQL',
    says: 'A result over time, drawn.',
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
    says: 'No row answers it.',
    path: sql('SELECT src_name, bytes FROM flows WHERE bytes > 1e15'),
    state: 'empty',
    act: text('No rows'),
  },
  {
    name: 'sql-loading',
    page: 'SQL',
    says: 'It runs, and can be cancelled.',
    path: sql('SELECT count(*) AS n FROM flows'),
    hold: /\/v1\/sql$/,
    act: text('Running'),
  },
  {
    name: 'sql-error',
    page: 'SQL',
    says: 'A statement that is wrong: where.',
    path: sql('SELECT count(*) AS n\nFROM flows WHERE bites > 1'),
    act: (page) => page.locator('.sql-error').waitFor(),
  },
  {
    name: 'sql-unreachable',
    page: 'SQL',
    says: 'The server does not respond.',
    path: sql('SELECT count(*) AS n FROM flows'),
    fail: { at: /\/v1\/sql$/, status: 0 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'sql-no-store',
    page: 'SQL',
    says: 'There is no store to query.',
    on: 'bare',
    path: sql('SELECT count(*) AS n FROM flows'),
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'sql-viewer',
    page: 'SQL',
    says: 'For admins.',
    on: 'closed',
    as: 'viewer',
    path: '/sql',
    state: 'empty',
    act: is('empty'),
  },
  {
    name: 'settings',
    page: 'Settings',
    says: 'Browser settings and account.',
    path: '/settings',
    act: text('admin: full access'),
  },
  {
    name: 'settings-limited',
    page: 'Settings',
    says: 'A viewer of one namespace, with sign-out.',
    on: 'closed',
    as: 'shop',
    path: '/settings',
    act: after(text('With a token'), text('Sign out')),
  },
  {
    name: 'settings-error',
    page: 'Settings',
    says: 'The server failed.',
    path: '/settings',
    fail: { at: /\/(?:me|health)$/, status: 500 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'login',
    page: 'Login',
    says: 'By token or with a provider.',
    on: 'closed',
    path: '/flows',
    act: (page) => page.getByLabel('Token').waitFor(),
  },
  {
    name: 'login-wrong',
    page: 'Login',
    says: 'The token is not known.',
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
    says: 'Too many were tried.',
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
    says: 'The sign-in options cannot be loaded.',
    on: 'closed',
    path: '/flows',
    fail: { at: /\/v1\/login$/, status: 0 },
    state: 'error',
    act: is('error'),
  },
  {
    name: 'login-provider-away',
    page: 'Login',
    says: 'The identity provider does not respond.',
    on: 'closed',
    path: '/flows',
    act: after(
      (page) => page.getByRole('link', { name: 'Sign in with your identity provider' }).click(),
      text('The provider did not respond'),
    ),
  },
  {
    name: 'palette',
    page: 'Everywhere',
    says: 'Pages and commands, by name.',
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
    says: 'Every key of the page.',
    path: stored,
    act: after(
      row,
      (page) => page.locator('main').press('?'),
      (page) => page.getByRole('dialog', { name: 'Keys' }).waitFor(),
    ),
  },
  {
    name: 'saved-views',
    page: 'Everywhere',
    says: 'Saved views.',
    path: stored,
    act: after(row, press('Saved views'), (page) => page.getByRole('dialog', { name: 'Saved views' }).waitFor()),
  },
  {
    name: 'nowhere',
    page: 'Everywhere',
    says: 'An address that no page has.',
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
