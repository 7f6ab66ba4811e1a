//! A link that tells when two touch it at once.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    task::Poll,
    thread,
    time::Duration,
};

use tokio::{join, spawn, time::timeout};

use super::*;

/// How often each side touches the link.
const TOUCHES: usize = 500;
/// How long one touch takes: long enough for another thread to come into it.
const TOUCH: Duration = Duration::from_micros(20);

struct Delicate {
    locator: Locator,
    auth: LinkAuthId,
    is_touched: AtomicBool,
    collisions: AtomicUsize,
}

impl Delicate {
    fn new() -> ZResult<Arc<Self>> {
        Ok(Arc::new(Self {
            locator: "tls/localhost:1".parse()?,
            auth: LinkAuthId::Tls(None),
            is_touched: AtomicBool::new(false),
            collisions: AtomicUsize::new(0),
        }))
    }

    /// Touches the link in many polls.
    async fn touch(&self) {
        let mut left = TOUCHES;
        poll_fn(|context| {
            if self.is_touched.swap(true, SeqCst) {
                self.collisions.fetch_add(1, SeqCst);
            }
            thread::sleep(TOUCH);
            self.is_touched.store(false, SeqCst);
            left -= 1;
            if left == 0 {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

#[async_trait]
impl LinkUnicastTrait for Delicate {
    fn get_mtu(&self) -> BatchSize {
        BatchSize::MAX
    }

    fn get_src(&self) -> &Locator {
        &self.locator
    }

    fn get_dst(&self) -> &Locator {
        &self.locator
    }

    fn is_reliable(&self) -> bool {
        true
    }

    fn is_streamed(&self) -> bool {
        true
    }

    fn get_interface_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn get_auth_id(&self) -> &LinkAuthId {
        &self.auth
    }

    async fn write(&self, buffer: &[u8], _: Option<Priority>) -> ZResult<usize> {
        self.touch().await;
        Ok(buffer.len())
    }

    async fn write_all(&self, _: &[u8], _: Option<Priority>) -> ZResult<()> {
        self.touch().await;
        Ok(())
    }

    /// Nothing ever comes.
    async fn read(&self, _: &mut [u8], _: Option<Priority>) -> ZResult<usize> {
        std::future::pending().await
    }

    async fn read_exact(&self, _: &mut [u8], _: Option<Priority>) -> ZResult<()> {
        self.touch().await;
        Ok(())
    }

    async fn close(&self) -> ZResult<()> {
        self.touch().await;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn two_never_touch_a_link_at_once() -> ZResult<()> {
    let delicate = Delicate::new()?;
    let link: Arc<dyn LinkUnicastTrait> = Arc::clone(&delicate) as _;
    let link = in_turn(&LinkUnicast::from(link));
    let (reader, writer, closer) = (link.clone(), link.clone(), link);
    let (read, written, closed) = join!(
        spawn(async move { reader.read_exact(&mut [0], None).await }),
        spawn(async move { writer.write_all(&[0], None).await }),
        spawn(async move { closer.close().await }),
    );
    read??;
    written??;
    closed??;
    assert_eq!(delicate.collisions.load(SeqCst), 0);
    Ok(())
}

#[tokio::test]
async fn who_waits_for_something_to_read_holds_nobody_up() -> ZResult<()> {
    let delicate = Delicate::new()?;
    let link: Arc<dyn LinkUnicastTrait> = delicate;
    let link = in_turn(&LinkUnicast::from(link));
    let reader = link.clone();
    let reading = spawn(async move { reader.read(&mut [0], None).await });
    timeout(Duration::from_secs(30), link.write(&[0], None)).await??;
    assert!(!reading.is_finished());
    reading.abort();
    Ok(())
}
