import { auto } from '../../state/auto.ts'
import { defaultPanels, type Dimension, type Measure, type PanelName } from './overview/state.ts'
import type { FlowsState } from './state.ts'
import { presetsText } from '../../text/presets.ts'

type Preset = Readonly<{
  id: string
  title: string
  hint: string
  group: string
  shows: Readonly<{ dim: Dimension | typeof auto; by: Measure; once: boolean; panels: readonly PanelName[] }>
}>

const outside: readonly PanelName[] = ['boundary', 'map', 'srcas', 'dstas', 'srccountry', 'dstcountry', 'bytes']
const traffic: readonly PanelName[] = ['bytes', 'packets', 'flows', 'talkers', 'pairs', 'ports']

function byEnd(id: string, title: string, dim: Dimension): Preset {
  return {
    id,
    title,
    hint: dim.startsWith('dst_') ? presetsText.ingressHint : presetsText.egressHint,
    group: presetsText.traffic,
    // Two nodes report a flow between them.
    shows: { dim, by: 'bytes', once: true, panels: traffic },
  }
}

function feature(
  id: string,
  title: string,
  hint: string,
  panels: readonly PanelName[],
  more: Readonly<{ dim?: Dimension; by?: Measure }> = {},
): Preset {
  const { dim = 'dst_owner_name', by = 'flows' } = more
  return { id, title, hint, group: presetsText.features, shows: { dim, by, once: false, panels } }
}

export const presets: readonly Preset[] = [
  {
    id: 'overview',
    title: presetsText.overview,
    hint: presetsText.overviewHint,
    group: presetsText.traffic,
    shows: { dim: auto, by: 'bytes', once: false, panels: defaultPanels },
  },
  byEnd('node-ingress', presetsText.ingressByNode, 'dst_node'),
  byEnd('node-egress', presetsText.egressByNode, 'src_node'),
  byEnd('namespace-ingress', presetsText.ingressByNamespace, 'dst_namespace'),
  byEnd('namespace-egress', presetsText.egressByNamespace, 'src_namespace'),
  byEnd('workload-ingress', presetsText.ingressByWorkload, 'dst_owner_name'),
  byEnd('workload-egress', presetsText.egressByWorkload, 'src_owner_name'),
  {
    id: 'outside',
    title: presetsText.outside,
    hint: presetsText.outsideHint,
    group: presetsText.traffic,
    shows: { dim: auto, by: 'bytes', once: true, panels: outside },
  },
  feature(
    'drops',
    presetsText.drops,
    presetsText.dropsHint,
    ['droppackets', 'dropbytes', 'dropcauses', 'dropstates', 'droppers', 'pairs'],
    { by: 'drop_packets' },
  ),
  feature('dns', presetsText.dns, presetsText.dnsHint, ['dns', 'dnsrates', 'rcodes', 'dnsnames', 'dnsslow'], {
    dim: 'src_owner_name',
  }),
  feature('rtt', presetsText.rtt, presetsText.rttHint, ['rtt', 'percentiles', 'rttslow', 'bytes']),
  feature('policies', presetsText.policies, presetsText.policiesHint, [
    'neteventrates',
    'netevents',
    'droppers',
    'dropcauses',
  ]),
  feature('tls', presetsText.tls, presetsText.tlsHint, ['tlsrates', 'tlsversions', 'tlsciphers', 'tlsgroups']),
  feature('ipsec', presetsText.ipsec, presetsText.ipsecHint, ['ipsec', 'pairs', 'bytes'], {
    dim: 'dst_node',
    by: 'bytes',
  }),
  {
    ...feature('firewall', presetsText.firewall, presetsText.firewallHint, [
      'firewallrates',
      'applications',
      'users',
      'natrates',
    ]),
    group: presetsText.firewalls,
  },
  {
    ...feature(
      'denied',
      presetsText.denied,
      presetsText.deniedHint,
      ['denied', 'deniedsources', 'deniedreasons', 'deniedacls'],
      { dim: 'dst_addr' },
    ),
    group: presetsText.firewalls,
  },
]

/** A preset selects panels and grouping; filter, time range and quick filters stay. */
export function withPreset({ shows }: Preset): Partial<FlowsState> {
  return { ...shows, view: 'overview', focus: '', looks: {}, sel: '' }
}

/** The preset that the state shows, if any. */
export function presetOf({ view, dim, by, once, panels }: FlowsState): Preset | undefined {
  if (view !== 'overview') return undefined
  const shown = panels.join()
  return presets.find(
    ({ shows }) => shows.dim === dim && shows.by === by && shows.once === once && shows.panels.join() === shown,
  )
}
