//! The device: set up once, and watched, since it can be lost at any time.

use crate::failed;
use burn::cubecl::client::Client;
use burn_wgpu::graphics::AutoGraphicsApi;
use burn_wgpu::{RuntimeOptions, WgpuDevice, WgpuSetup, wgpu};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Poll, Waker};
use deepcomp::Result;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What the network runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// As its driver calls it.
    pub name: String,
    /// The API it is reached through.
    pub backend: String,
    /// Whether it is simulated by the CPU.
    pub software: bool,
}

/// A device that may have been lost.
#[derive(Debug)]
pub(crate) struct Device {
    setup: WgpuSetup,
    adapter: Adapter,
    loss: Arc<Mutex<Loss>>,
}

#[derive(Debug, Default)]
struct Loss {
    /// Why it was lost, if it was.
    reason: Option<String>,
    waiting: Option<Waker>,
}

/// The device of this program or page. A second set-up would be another device, and burn allows one.
static DEVICE: OnceLock<Arc<Device>> = OnceLock::new();

/// The device and the client of its queue.
pub(crate) async fn open() -> Result<(Arc<Device>, Client)> {
    let selected = WgpuDevice::default();
    if DEVICE.get().is_none() {
        let setup = burn_wgpu::try_init_setup_async::<AutoGraphicsApi>(&selected, RuntimeOptions::default()).await.map_err(failed)?;
        DEVICE.get_or_init(|| Arc::new(Device::watched(setup)));
    }
    let device = DEVICE.get().ok_or_else(|| failed("there is no device"))?.clone();
    device.check()?;
    Ok((device, burn::cubecl::Device::Wgpu(selected).client()))
}

impl Device {
    fn watched(setup: WgpuSetup) -> Self {
        let info = setup.adapter.get_info();
        let loss = Arc::new(Mutex::new(Loss::default()));
        let noticed = loss.clone();
        setup.device.set_device_lost_callback(move |_, message| noted(&noticed, format!("the device was lost ({message})")));
        let noticed = loss.clone();
        setup.device.on_uncaptured_error(Arc::new(move |error| noted(&noticed, error.to_string())));
        let software = info.device_type == wgpu::DeviceType::Cpu || ["swiftshader", "llvmpipe"].iter().any(|name| info.name.to_lowercase().contains(name));
        let name = [info.name, info.driver, info.driver_info].into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "unnamed".to_owned());
        Self { adapter: Adapter { name, backend: info.backend.to_string(), software }, setup, loss }
    }

    pub(crate) const fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Bytes that a buffer of the kernel can have.
    pub(crate) fn largest_buffer(&self) -> usize {
        let limits = self.setup.device.limits();
        usize::try_from(limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)).unwrap_or(usize::MAX)
    }

    pub(crate) fn lose(&self) {
        self.setup.device.destroy();
        noted(&self.loss, "the device was destroyed".to_owned());
    }

    /// # Errors
    /// Why it was lost, if it was.
    pub(crate) fn check(&self) -> Result<()> {
        lock(&self.loss).reason.as_ref().map_or(Ok(()), |reason| Err(failed(reason)))
    }

    /// What a future comes to, unless the device is lost before: then it may never end.
    pub(crate) async fn unless_lost<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        let mut future = pin!(future);
        poll_fn(|context| {
            let mut loss = lock(&self.loss);
            if let Some(reason) = &loss.reason {
                return Poll::Ready(Err(failed(reason)));
            }
            loss.waiting = Some(context.waker().clone());
            drop(loss);
            future.as_mut().poll(context).map(Ok)
        })
        .await
    }
}

fn noted(loss: &Mutex<Loss>, reason: String) {
    let mut loss = lock(loss);
    loss.reason.get_or_insert(reason);
    let waiting = loss.waiting.take();
    drop(loss);
    waiting.into_iter().for_each(Waker::wake);
}

fn lock(loss: &Mutex<Loss>) -> MutexGuard<'_, Loss> {
    loss.lock().unwrap_or_else(PoisonError::into_inner)
}
