import type { Part } from '../../../state/codec.ts'
import { auto } from '../../../state/auto.ts'
import { names, oneOf, text } from '../../../state/parts.ts'
import { measures, type Measure } from '../../../parts/measures.ts'

export { isOnRequest, measures, type Measure } from '../../../parts/measures.ts'

export const dimensions = [
  'src_endpoint',
  'dst_endpoint',
  'src_name',
  'dst_name',
  'src_namespace',
  'dst_namespace',
  'src_owner_name',
  'dst_owner_name',
  'src_node',
  'dst_node',
  'src_zone',
  'dst_zone',
  'src_label',
  'dst_label',
  'src_addr',
  'dst_addr',
  'service_port',
  'dst_port',
  'proto',
  'exporter_addr',
] as const
export type Dimension = (typeof dimensions)[number]

/** Offset of the comparison; `span`: the previous range of the same length. */
export const earlier = ['', 'span', '1h', '1d', '1w'] as const
export type Earlier = (typeof earlier)[number]

const firewallPanels = [
  'firewallrates',
  'denied',
  'deniedsources',
  'deniedreasons',
  'deniedacls',
  'natrates',
  'applications',
  'users',
] as const

export const panelNames = [
  'bytes',
  'packets',
  'flows',
  'talkers',
  'ports',
  'protocols',
  'exporters',
  'pairs',
  'droppackets',
  'dropbytes',
  'dropstates',
  'dropcauses',
  'droppers',
  'rcodes',
  'dnsrates',
  'dns',
  'dnsnames',
  'dnsslow',
  'rtt',
  'rttslow',
  'tlsversions',
  'tlsrates',
  'tlsciphers',
  'tlsgroups',
  'netevents',
  'neteventrates',
  'ipsec',
  'srcas',
  'dstas',
  'srccountry',
  'dstcountry',
  'map',
  'inif',
  'outif',
  'boundary',
  'percentiles',
  ...firewallPanels,
] as const
export type PanelName = (typeof panelNames)[number]

const hiddenPanels: readonly PanelName[] = [
  'packets',
  'flows',
  'dropbytes',
  'dnsrates',
  'dnsnames',
  'dnsslow',
  'rttslow',
  'tlsrates',
  'tlsciphers',
  'tlsgroups',
  'neteventrates',
  'ipsec',
  'boundary',
  'percentiles',
  ...firewallPanels,
]
export const defaultPanels: readonly PanelName[] = panelNames.filter((name) => !hiddenPanels.includes(name))

export const tops = [5, 10, 15] as const

export type PanelLook = Readonly<{
  top: (typeof tops)[number]
  others: boolean
  total: boolean
  latest: boolean
  table: boolean
  /** Shares of each bucket instead of rates. */
  share: boolean
}>

export const defaultLook: PanelLook = { top: 5, others: true, total: true, latest: false, table: false, share: false }

export type OverviewState = Readonly<{
  dim: Dimension | typeof auto
  by: Measure
  before: Earlier
  panels: readonly PanelName[]
  focus: PanelName | ''
  looks: Looks
  /** Field of the percentiles. */
  pf: string
}>

export type Looks = Readonly<Partial<Record<PanelName, PanelLook>>>

const switches = ['others', 'total', 'latest', 'table', 'share'] as const

/** `bytes.10-others,pairs.15`: the number of groups, then differences from the default. */
function looks(): Part<Looks> {
  return {
    usual: {},
    read: (written) => {
      const looks: Partial<Record<PanelName, PanelLook>> = {}
      for (const item of written.split(',')) {
        const [, panel, count, turned = ''] = /^([a-z]+)\.(\d+)((?:-[a-z]+)*)$/.exec(item) ?? []
        const name = panelNames.find((candidate) => candidate === panel)
        const top = tops.find((candidate) => String(candidate) === count)
        const all = turned.split('-').slice(1)
        if (
          name === undefined ||
          top === undefined ||
          all.some((item) => !(switches as readonly string[]).includes(item))
        )
          return undefined
        const look: PanelLook = {
          ...defaultLook,
          top,
          ...Object.fromEntries(switches.map((option) => [option, defaultLook[option] !== all.includes(option)])),
        }
        if (!isUsual(look)) looks[name] = look
      }
      return looks
    },
    write: (value) =>
      panelNames
        .flatMap((name) => {
          const look = value[name]
          return look === undefined || isUsual(look)
            ? []
            : [[`${name}.${look.top}`, ...switches.filter((option) => look[option] !== defaultLook[option])].join('-')]
        })
        .join(','),
  }
}

function isUsual(look: PanelLook) {
  return look.top === defaultLook.top && switches.every((option) => look[option] === defaultLook[option])
}

/** An unknown name invalidates the parameter, so that it is reported. */
function panels(): Part<readonly PanelName[]> {
  const { read, write } = names(panelNames)
  return {
    usual: defaultPanels,
    write,
    read: (written) => {
      const names = read(written)
      const panels = names?.flatMap((name) => panelNames.find((candidate) => candidate === name) ?? [])
      return panels?.length === names?.length ? panels : undefined
    },
  }
}

export const overviewParts = {
  dim: oneOf([auto, ...dimensions], auto),
  by: oneOf(measures, 'bytes'),
  before: oneOf(earlier, ''),
  panels: panels(),
  focus: oneOf(['', ...panelNames], ''),
  looks: looks(),
  pf: text('bytes'),
} as const
