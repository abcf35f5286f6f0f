import { EmptyState } from '../parts/states.tsx'
import { PageLink } from './page-link.tsx'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'

export function NoSuchPage(): React.ReactNode {
  return (
    <EmptyState
      title={appText.pageNotFound}
      action={
        <PageLink to="/flows" className="button">
          {generalText.goToFlows}
        </PageLink>
      }
    >
      {appText.noPageAt} <code>{location.pathname}</code>
      {appText.noPageHint}
    </EmptyState>
  )
}
