//! What holds after any news, and after all of them.

use std::time::Duration;

use commy_core::{
    Health,
    peers::{Effect, PeerRules, Peers},
};
use proptest::prelude::*;

use crate::history::{Hearer, NODE, News, OWN, life, lives, news, view};

proptest! {
    #[test]
    fn whatever_was_heard_the_latest_record_is_known_in_the_end(lives in lives(), news in news()) {
        let mut hearer = Hearer::new();
        for each in &news {
            hearer.hear(&lives, each);
        }
        let last = &lives[lives.len() - 1];
        let now = hearer.now;
        let effects = hearer.peers.on_presence(now, last.life, true);
        hearer.carry_out(effects);
        let fetches = hearer.fetches;
        hearer.wait(PeerRules::default().fetch_retry_max);
        let effects = hearer.peers.on_record(last.last());
        hearer.carry_out(effects);
        hearer.wait(PeerRules::default().hold_max);
        prop_assert_eq!(&hearer.shown, &view(&last.last()));
        // Either it was known, or it was asked for.
        prop_assert!(hearer.fetches > fetches || fetches > 0 || news.iter().any(
            |news| matches!(news, News::Presence(..))
        ));
        let fetches = hearer.fetches;
        hearer.wait(Duration::from_secs(3600));
        prop_assert_eq!(hearer.fetches, fetches, "what is known is not asked for again");
    }

    #[test]
    fn one_who_is_absent_is_not_callable_and_is_forgotten(lives in lives(), news in news()) {
        let mut hearer = Hearer::new();
        for each in &news {
            hearer.hear(&lives, each);
        }
        let last = &lives[lives.len() - 1];
        let now = hearer.now;
        let effects = hearer.peers.on_presence(now, last.life, false);
        hearer.carry_out(effects);
        prop_assert!(hearer.shown.values().all(|health| *health != Health::Healthy));
        for each in &news {
            if !matches!(each, News::Presence(..)) {
                hearer.hear(&lives, each);
            }
            prop_assert!(hearer.shown.values().all(|health| *health != Health::Healthy));
        }
        hearer.wait(PeerRules::default().grace);
        prop_assert!(hearer.shown.is_empty());
        prop_assert_eq!(hearer.peers.present(), 0);
        prop_assert_eq!(hearer.peers.next_tick(), None);
    }

    #[test]
    fn news_heard_twice_change_nothing_the_second_time(lives in lives(), news in news()) {
        let mut hearer = Hearer::new();
        for each in &news {
            hearer.hear(&lives, each);
            if !matches!(each, News::Wait(_)) {
                let again = hearer.hear(&lives, each);
                prop_assert_eq!(again, []);
            }
        }
    }

    #[test]
    fn an_earlier_life_does_not_come_back(lives in lives(), news in news()) {
        let mut hearer = Hearer::new();
        let mut latest = 0;
        for each in &news {
            hearer.hear(&lives, each);
            if let News::Presence(index, true) = each {
                latest = latest.max(index.get(&lives).life.incarnation.0);
            }
            prop_assert!(hearer.shown.keys().all(|id| id.serial / 100 >= latest));
        }
    }

    #[test]
    fn a_peer_that_never_answers_is_not_asked_too_often(lives in lives(), news in news()) {
        let mut hearer = Hearer::new();
        let rules = PeerRules::default();
        let effects = hearer.peers.on_presence(hearer.now, life(9), true);
        hearer.carry_out(effects);
        for each in news.iter().filter(|news| matches!(news, News::Missed | News::Update(..))) {
            hearer.hear(&lives, each);
        }
        hearer.wait(Duration::from_secs(60));
        let bound = 60_000 / rules.fetch_retry_max.as_millis() + 7;
        prop_assert!(hearer.fetches as u128 <= bound, "{} fetches", hearer.fetches);
        prop_assert!(hearer.fetches >= 12, "{} fetches", hearer.fetches);
    }

    #[test]
    fn a_node_hears_nothing_of_itself(there in any::<bool>()) {
        let mut peers = Peers::new(NODE, PeerRules::default());
        prop_assert_eq!(peers.on_presence(commy_core::Moment::default(), life(1), there), []);
        prop_assert_eq!(peers.next_tick(), None);
        prop_assert_ne!(OWN, NODE);
    }

    #[test]
    fn a_gap_between_updates_is_fetched(lives in lives()) {
        let last = &lives[lives.len() - 1];
        prop_assume!(last.updates.len() >= 2);
        let mut hearer = Hearer::new();
        let effects = hearer.peers.on_presence(hearer.now, last.life, true);
        hearer.carry_out(effects);
        let effects = hearer.peers.on_record(last.records[0].clone());
        hearer.carry_out(effects);
        let effects = hearer.peers.on_update(hearer.now, last.updates[1].clone());
        prop_assert_eq!(effects, [Effect::Fetch(NODE)]);
    }
}
