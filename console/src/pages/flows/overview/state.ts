import type { Part } from '../../../state/codec.ts'
import { names, oneOf } from '../../../state/parts.ts'

/** What can be added up. */
export const measures = ['bytes', 'packets', 'flows', 'drop_bytes', 'drop_packets'] as const
export type Measure = (typeof measures)[number]

/** Is it only told where it is asked for? */
export function isFurther(measure: Measure): boolean {
  return measure.startsWith('drop_')
}

/** Fields whose values the panels can tell apart, in the order in which they are offered. */
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
  'dst_port',
  'proto',
  'exporter_addr',
] as const
export type Dimension = (typeof dimensions)[number]

/** How much earlier the other time is that is drawn behind; `span`: just before. */
export const earlier = ['', 'span', '1h', '1d', '1w'] as const
export type Earlier = (typeof earlier)[number]

/** In the order in which they are offered. */
export const panelNames = [
  'bytes',
  'packets',
  'flows',
  'pairs',
  'talkers',
  'ports',
  'protocols',
  'exporters',
  'droppackets',
  'dropbytes',
  'dropstates',
  'dropcauses',
  'droppers',
  'rcodes',
  'dns',
  'dnsnames',
  'dnsslow',
  'rtt',
  'rttslow',
] as const
export type PanelName = (typeof panelNames)[number]

/** The others say what these say in another way. */
const unusual: readonly PanelName[] = ['packets', 'flows', 'dropbytes', 'dnsnames', 'dnsslow', 'rttslow']
export const usualPanels: readonly PanelName[] = panelNames.filter((name) => !unusual.includes(name))

export const tops = [5, 10, 15] as const

/** How a panel is shown. */
export interface PanelLook {
  /** So many are told apart. */
  readonly top: (typeof tops)[number]
  /** Are all the others drawn, too? They are counted in any case. */
  readonly others: boolean
  readonly total: boolean
  /** The newest part of the span instead of the whole. */
  readonly latest: boolean
  /** Figures instead of a drawing. */
  readonly table: boolean
}

export const usualLook: PanelLook = { top: 5, others: true, total: true, latest: false, table: false }

export interface OverviewState {
  readonly dim: Dimension
  readonly by: Measure
  readonly before: Earlier
  /** Names of the panels, in their order. */
  readonly panels: readonly PanelName[]
  /** The panel that is shown large, the others beside it; empty: none. */
  readonly focus: PanelName | ''
  /** Looks that are not as usual, by panel. */
  readonly looks: Looks
}

export type Looks = Readonly<Partial<Record<PanelName, PanelLook>>>

const switches = ['others', 'total', 'latest', 'table'] as const

/** `bytes.10-others,pairs.15`: how many, then what is not as usual. */
function looks(): Part<Looks> {
  return {
    usual: {},
    read: (written) => {
      const found: Partial<Record<PanelName, PanelLook>> = {}
      for (const each of written.split(',')) {
        const [, panel, count, turned = ''] = /^([a-z]+)\.(\d+)((?:-[a-z]+)*)$/.exec(each) ?? []
        const name = panelNames.find((known) => known === panel)
        const top = tops.find((known) => String(known) === count)
        const all = turned.split('-').slice(1)
        if (
          name === undefined ||
          top === undefined ||
          all.some((one) => !(switches as readonly string[]).includes(one))
        )
          return undefined
        const look: PanelLook = {
          ...usualLook,
          top,
          ...Object.fromEntries(switches.map((one) => [one, usualLook[one] !== all.includes(one)])),
        }
        if (!isUsual(look)) found[name] = look
      }
      return found
    },
    write: (value) =>
      panelNames
        .flatMap((name) => {
          const look = value[name]
          return look === undefined || isUsual(look)
            ? []
            : [[`${name}.${look.top}`, ...switches.filter((one) => look[one] !== usualLook[one])].join('-')]
        })
        .join(','),
  }
}

function isUsual(look: PanelLook): boolean {
  return look.top === usualLook.top && switches.every((one) => look[one] === usualLook[one])
}

/** Names of panels; a name that is none makes the whole unreadable, so that it is said. */
function panels(): Part<readonly PanelName[]> {
  const { read, write } = names(panelNames)
  return {
    usual: usualPanels,
    write,
    read: (written) => {
      const found = read(written)
      const known = found?.flatMap((name) => panelNames.find((each) => each === name) ?? [])
      return known?.length === found?.length ? known : undefined
    },
  }
}

export const overviewParts = {
  dim: oneOf(dimensions, 'src_endpoint'),
  by: oneOf(measures, 'bytes'),
  before: oneOf(earlier, ''),
  panels: panels(),
  focus: oneOf(['', ...panelNames], ''),
  looks: looks(),
} as const
