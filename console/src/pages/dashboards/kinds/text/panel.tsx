import { useMemo } from 'react'
import { Blocks } from '../../../../parts/markdown/blocks.tsx'
import { blocksOf } from '../../../../parts/markdown/markdown.ts'
import { dashboardsText } from '../../text.ts'
import { inText } from '../../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

const isWeb = /^https?:\/\//

/** HTML is shown as text, and only web addresses and pages of the console are links. */
export default function TextPanel({ panel: { text }, variables }: PanelProps): React.ReactNode {
  const blocks = useMemo(() => blocksOf(inText(text, variables)), [text, variables])
  if (text.trim() === '') return <p className="dim pad">{dashboardsText.noText}</p>
  return (
    <div className="text-panel">
      <Blocks of={blocks} link={linkOf} />
    </div>
  )
}

function linkOf(label: string, to: string): React.ReactNode {
  if (isWeb.test(to))
    return (
      <a href={to} target="_blank" rel="noreferrer">
        {label}
      </a>
    )
  return /^\/(?!\/)/.test(to) ? <a href={to}>{label}</a> : label
}
