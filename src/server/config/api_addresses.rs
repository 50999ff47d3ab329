//! The addresses of gateways' APIs: a flag and a variable for each gateway whose profile has an API.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Command};

use super::{Lookup, Set, origin};
use crate::gateways::{Gateway, profile::Api};

/// The addresses that flags set, by flag.
#[derive(Debug, Clone, Default)]
pub struct ApiFlags(BTreeMap<&'static str, String>);

impl ApiFlags {
    /// Returns the address of each gateway's API by the gateway's slug: from the flag, the variable, or the profile.
    pub(super) fn addresses(&self, variable: Lookup<'_>) -> Result<BTreeMap<&'static str, String>, String> {
        let address = |(gateway, api): (Gateway, &Api)| {
            let set = Set::find(self.0.get(api.flag), (api.flag, api.variable), variable);
            Ok((gateway.slug(), set.map_or_else(|| Ok(api.base_url.to_owned()), |set| origin(&set))?))
        };
        apis().map(address).collect()
    }
}

fn apis() -> impl Iterator<Item = (Gateway, &'static Api)> {
    Gateway::all().filter_map(|gateway| Some((gateway, gateway.profile().api.as_ref()?)))
}

/// Returns the flag of an API.
fn flag(gateway: Gateway, api: &'static Api) -> Arg {
    let default = api.base_url.split_once("://").map(|(scheme, host)| format!("{host} over {scheme}")).unwrap_or_default();
    let help = format!("{} API base URL [env: {}] [default: {default}]", gateway.label(), api.variable);
    Arg::new(api.flag).long(api.flag.trim_start_matches('-')).value_name("URL").global(true).help(help)
}

impl clap::Args for ApiFlags {
    fn augment_args(command: Command) -> Command {
        command.args(apis().map(|(gateway, api)| flag(gateway, api)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for ApiFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let set = apis().filter_map(|(_, api)| Some((api.flag, matches.get_one::<String>(api.flag)?.clone())));
        self.0.extend(set);
        Ok(())
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&'static str, &str); N]> for ApiFlags {
    fn from(set: [(&'static str, &str); N]) -> Self {
        Self(set.into_iter().map(|(flag, address)| (flag, address.to_owned())).collect())
    }
}
