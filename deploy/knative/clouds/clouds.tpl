# Copied to clouds.yaml beside it (which git ignores), filled, and put into the Secret cts-exporter-clouds.
clouds:
  otc:
    profile: otc
    auth:
      auth_url: 'https://iam.eu-de.otc.t-systems.com:443/v3'
      project_name: 'eu-de_project'
      user_domain_name: 'OTC00000000000000000000'
      # A user and its password, or keys in their place: ak and sk.
      username: ''
      password: ''
    interface: 'public'
    identity_api_version: 3
