import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { findActors, findObjects } from '../../app/use-found.ts'
import { EmptyState } from '../../parts/states.tsx'
import { FindBox } from '../../parts/find-box.tsx'
import { investigateText } from './text.ts'

/** Names with a slash or colon, and addresses, are subjects; other texts are searched. */
const isSubject = (text: string) => /[/:]/.test(text) || /^[\d.]{7,}$/.test(text)

export function SubjectBox({ of, onChoose }: { of: string; onChoose: (subject: string) => void }): React.ReactNode {
  const [typed, setTyped] = useState('')
  const matches = useQuery({
    queryKey: ['subjects', typed],
    enabled: typed !== '',
    staleTime: 15_000,
    queryFn: async ({ signal }) =>
      (await Promise.all([findObjects(typed, signal), findActors(typed, signal).catch(() => [])])).flat(),
  })
  return (
    <div className="subject-box">
      <FindBox
        q={of}
        label={investigateText.find}
        hint={investigateText.findHint}
        onChange={(text) => {
          if (text === '' || isSubject(text)) onChoose(text)
          setTyped(text === '' || isSubject(text) ? '' : text)
        }}
      />
      {typed !== '' && matches.data !== undefined && (
        <ul className="subject-matches panel" aria-label={investigateText.matches}>
          {matches.data.map(({ key, name, detail }) => (
            <li key={key}>
              <button
                type="button"
                className="quiet"
                onClick={() => {
                  setTyped('')
                  onChoose(key)
                }}
              >
                {name} <span className="dim">{detail}</span>
              </button>
            </li>
          ))}
          {matches.data.length === 0 && <li className="dim pad">{investigateText.nothingFound(typed)}</li>}
        </ul>
      )}
    </div>
  )
}

export function NoSubject(): React.ReactNode {
  return (
    <EmptyState title={investigateText.noSubject} action={{ text: investigateText.openResources, to: '/resources' }}>
      {investigateText.intro}
    </EmptyState>
  )
}
