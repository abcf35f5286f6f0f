import { useRef } from 'react'
import { fileName } from '../../../parts/file-name.ts'
import { pictureOf, savePicture } from '../../../parts/picture.ts'
import { Popover } from '../../../parts/popover.tsx'
import { saveText } from '../../../parts/save-file.ts'
import type { MenuOf } from './panels.tsx'
import { tops, type PanelLook } from './state.ts'

interface PanelMenuProps {
  readonly name: string
  readonly look: PanelLook
  readonly has: MenuOf
  /** The span, for the names of files. */
  readonly span: string
  /** Is it the one that is shown large? */
  readonly large: boolean
  readonly onChange: (look: PanelLook) => void
  readonly onLarge: (large: boolean) => void
  readonly onHide: () => void
}

/** How a panel is shown; it stands in the address. What it shows can be taken away as a file. */
export function PanelMenu({
  name,
  look,
  has,
  span,
  large,
  onChange,
  onLarge,
  onHide,
}: PanelMenuProps): React.ReactNode {
  const { top = true, others = true, total = false, latest = false, table = false, csv } = has
  const place = useRef<HTMLSpanElement>(null)
  const picture = (): void => {
    const panel = place.current?.closest('section')
    if (panel !== null && panel !== undefined) savePicture(pictureOf(panel), `${fileName(name, span)}.png`)
  }
  const turn = (one: 'others' | 'total' | 'latest' | 'table', text: string): React.ReactNode => (
    <label className="check">
      <input type="checkbox" checked={look[one]} onChange={() => onChange({ ...look, [one]: !look[one] })} />
      {text}
    </label>
  )
  return (
    <span ref={place} className="panel-acts">
      <button
        type="button"
        className="quiet"
        aria-pressed={large}
        title={large ? 'All panels' : 'Only this one, large'}
        onClick={() => onLarge(!large)}
      >
        <span aria-hidden="true">{large ? '⤡' : '⤢'}</span>
        <span className="spoken">{name}, large</span>
      </button>
      <Popover
        label={
          <>
            <span aria-hidden="true">⋯</span>
            <span className="spoken">Settings of {name}</span>
          </>
        }
        name={`Settings of ${name}`}
        className="panel-menu"
      >
        {(close) => (
          <>
            {top && (
              <div className="line" role="group" aria-label="So many are told apart">
                Top
                <span className="tops">
                  {tops.map((count) => (
                    <button
                      key={count}
                      type="button"
                      aria-pressed={count === look.top}
                      onClick={() => onChange({ ...look, top: count })}
                    >
                      {count}
                    </button>
                  ))}
                </span>
              </div>
            )}
            {others && turn('others', 'Draw the others')}
            {total && turn('total', 'Draw the total')}
            {latest && turn('latest', 'Only the newest part of the span')}
            {table && turn('table', 'Figures only')}
            <button
              type="button"
              onClick={() => {
                close()
                picture()
              }}
            >
              Save as picture (PNG)
            </button>
            <button
              type="button"
              disabled={csv === undefined}
              onClick={() => {
                close()
                if (csv !== undefined) saveText(csv(), `${fileName(name, span)}.csv`, 'text/csv')
              }}
            >
              Save the figures (CSV)
            </button>
            <button
              type="button"
              onClick={() => {
                close()
                onHide()
              }}
            >
              Hide this panel
            </button>
          </>
        )}
      </Popover>
    </span>
  )
}
