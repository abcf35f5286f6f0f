import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { ask } from '../../api/client.ts'
import { useMe } from '../../api/queries.ts'
import { SingleKeys } from '../../app/key-list.tsx'
import { logOut } from '../../app/login.tsx'
import { openKeys } from '../../app/palette-door.ts'
import { useTitle } from '../../app/use-title.ts'
import { ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { density, theme, usePreference, type Preference } from '../../state/preferences.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { settingsCodec } from './state.ts'
import './settings.css'

/** What is the reader's: how this browser shows Weir, and who he is here. */
export default function SettingsPage(): React.ReactNode {
  useTitle('Settings')
  const { unread, set } = usePageState(settingsCodec)
  return (
    <div className="page">
      <div className="page-bar">
        <h1>Settings</h1>
      </div>
      {unread.length > 0 && (
        <Notice onClose={() => set({}, 'replace')}>
          {unread.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
      <div className="page-scroll settings" tabIndex={0} role="region" aria-label="Settings">
        <section className="panel" aria-label="This browser">
          <h2>This browser</h2>
          <p className="dim">Kept here and in no address: a link shows others the view, not your way to look at it.</p>
          <Choice label="Theme" of={theme} words={{ system: 'as the system', light: 'light', dark: 'dark' }} />
          <Choice
            label="Rows of tables"
            of={density}
            words={{ compact: 'compact', normal: 'normal', large: 'large' }}
          />
          <div className="choice">
            <span>Keys</span>
            <div>
              <SingleKeys />
              <button type="button" onClick={openKeys}>
                All keys
              </button>
            </div>
          </div>
        </section>
        <Who />
        <About />
      </div>
    </div>
  )
}

function Choice<T extends string>({
  label,
  of,
  words,
}: {
  readonly label: string
  readonly of: Preference<T>
  readonly words: Readonly<Record<T, string>>
}): React.ReactNode {
  const chosen = usePreference(of)
  const id = useId()
  return (
    <div className="choice">
      <span id={id}>{label}</span>
      <div role="group" aria-labelledby={id} className="choices">
        {(Object.keys(words) as T[]).map((each) => (
          <button key={each} type="button" aria-pressed={each === chosen} onClick={() => of.set(each)}>
            {words[each]}
          </button>
        ))}
      </div>
    </div>
  )
}

const ways = {
  none: 'Not at all: this address is reached from this machine only, and wants no login.',
  token: 'With a token of the configuration.',
  oidc: 'With the provider of identities.',
} as const

function Who(): React.ReactNode {
  const { data: me, isError, error, refetch } = useMe()
  return (
    <section className="panel" aria-label="Who you are here">
      <h2>Who you are here</h2>
      {me === undefined ? (
        isError ? (
          <ErrorState
            error={error}
            onRetry={() => {
              refetch().catch(reportError)
            }}
          />
        ) : (
          <Loading what="who you are" />
        )
      ) : (
        <>
          <dl className="facts">
            <dt>Name</dt>
            <dd>{me.name}</dd>
            <dt>Role</dt>
            <dd>
              {me.role === 'admin'
                ? 'admin: everything'
                : 'viewer: may look, but neither ask in SQL nor change anything'}
            </dd>
            <dt>Namespaces</dt>
            <dd>{me.namespaces === null ? 'all' : me.namespaces.length === 0 ? 'none' : me.namespaces.join(', ')}</dd>
            <dt>Logged in</dt>
            <dd>{ways[me.login]}</dd>
          </dl>
          {me.login === 'none' ? (
            <p className="dim">
              Who may do what is given by <code>auth</code> in the configuration.
            </p>
          ) : (
            <p>
              <button
                type="button"
                onClick={() => {
                  logOut().catch(reportError)
                }}
              >
                Log out
              </button>
            </p>
          )}
        </>
      )}
    </section>
  )
}

function About(): React.ReactNode {
  const { data, isError, error, refetch } = useQuery({
    queryKey: ['openapi'],
    staleTime: 10_000,
    queryFn: ({ signal }) => ask<{ readonly info: { readonly version: string } }>('/api/v1/openapi.json', { signal }),
  })
  return (
    <section className="panel" aria-label="This Weir">
      <h2>This Weir</h2>
      {isError ? (
        <ErrorState
          error={error}
          onRetry={() => {
            refetch().catch(reportError)
          }}
        />
      ) : (
        <dl className="facts">
          <dt>Version</dt>
          <dd>{data?.info.version ?? '…'}</dd>
          <dt>API</dt>
          <dd>
            <a href="/api/v1/openapi.json">Description of the API</a> (OpenAPI), for programs and people;{' '}
            <code>docs/reference/http-api.md</code> is the same to read.
          </dd>
          <dt>Guide</dt>
          <dd>
            <code>docs/guide</code> in the folder of Weir: start with <code>console.md</code> and{' '}
            <code>queries.md</code>.
          </dd>
        </dl>
      )}
    </section>
  )
}
