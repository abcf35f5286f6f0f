import type { Part } from '../../../state/codec.ts'
import { names, oneOf } from '../../../state/parts.ts'

/** What can be added up. */
export const measures = ['bytes', 'packets', 'flows'] as const
export type Measure = (typeof measures)[number]

/** Fields whose values the panels can tell apart, in the order in which they are offered. */
export const dimensions = [
  'src_name', 'dst_name', 'src_namespace', 'dst_namespace', 'src_owner_name', 'dst_owner_name', 'src_label', 'dst_label', 'src_addr', 'dst_addr', 'dst_port', 'proto', 'exporter_addr',
] as const
export type Dimension = (typeof dimensions)[number]

/** How much earlier the other time is that is drawn behind; `span`: just before. */
export const earlier = ['', 'span', '1h', '1d', '1w'] as const
export type Earlier = (typeof earlier)[number]

export const panelNames = ['bytes', 'packets', 'pairs', 'talkers', 'ports', 'protocols', 'exporters', 'rtt', 'dns'] as const
export type PanelName = (typeof panelNames)[number]

/** Those that every exporter can fill. */
const usualPanels: readonly PanelName[] = panelNames.filter((name) => name !== 'rtt' && name !== 'dns')

export const tops = [5, 10, 15] as const

/** How a panel is shown. */
export interface PanelLook {
  /** So many are told apart. */
  readonly top: (typeof tops)[number]
  /** Are all the others drawn, too? They are counted in any case. */
  readonly others: boolean
  readonly total: boolean
}

export const usualLook: PanelLook = { top: 5, others: true, total: true }

export interface OverviewState {
  readonly dim: Dimension
  readonly by: Measure
  readonly before: Earlier
  /** Names of the panels, in order. */
  readonly panels: readonly PanelName[]
  /** Looks that are not as usual, by panel. */
  readonly looks: Looks
}

export type Looks = Readonly<Partial<Record<PanelName, PanelLook>>>

/** `bytes.10-others,pairs.15`. */
function looks(): Part<Looks> {
  return {
    usual: {},
    read: (written) => {
      const found: Partial<Record<PanelName, PanelLook>> = {}
      for (const each of written.split(',')) {
        const [, panel, count, hidden = ''] = /^([a-z]+)\.(\d+)((?:-others)?(?:-total)?)$/.exec(each) ?? []
        const name = panelNames.find((known) => known === panel)
        const top = tops.find((known) => String(known) === count)
        if (name === undefined || top === undefined) return undefined
        const look = { top, others: !hidden.includes('others'), total: !hidden.includes('total') }
        if (!isUsual(look)) found[name] = look
      }
      return found
    },
    write: (value) => panelNames.flatMap((name) => {
      const look = value[name]
      return look === undefined || isUsual(look) ? [] : [`${name}.${look.top}${look.others ? '' : '-others'}${look.total ? '' : '-total'}`]
    }).join(','),
  }
}

function isUsual({ top, others, total }: PanelLook): boolean {
  return top === usualLook.top && others && total
}

/** Names of panels; a name that is none makes the whole unreadable, so that it is said. */
function panels(): Part<readonly PanelName[]> {
  const { read, write } = names(panelNames)
  return {
    usual: usualPanels, write,
    read: (written) => {
      const found = read(written)
      const known = found?.flatMap((name) => panelNames.find((each) => each === name) ?? [])
      return known?.length === found?.length ? known : undefined
    },
  }
}

export const overviewParts = {
  dim: oneOf(dimensions, 'src_name'),
  by: oneOf(measures, 'bytes'),
  before: oneOf(earlier, ''),
  panels: panels(),
  looks: looks(),
} as const
