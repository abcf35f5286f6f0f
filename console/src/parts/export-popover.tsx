import { generalText } from '../text/general.ts'
import { Popover } from './popover.tsx'

/** The menu *Export*. `name`: what it exports, for screen readers; `children`: an action or link per format. */
export function ExportPopover({
  name,
  children,
}: Readonly<{ name: string; children: React.ReactNode }>): React.ReactNode {
  return (
    <Popover
      label={
        <>
          {generalText.export} <span aria-hidden="true">▾</span>
        </>
      }
      name={name}
    >
      {() => <div className="links">{children}</div>}
    </Popover>
  )
}
